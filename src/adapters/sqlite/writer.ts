/** The restore side, which another change brings. */
import type { Context, Invitation, WriteLane } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';

export class SqliteWriteLane {
  static async join(_invitation: Invitation, _context: Context): Promise<WriteLane> {
    throw new DbimgError('UNSUPPORTED', 'Restoring to SQLite is not possible yet.');
  }
}
