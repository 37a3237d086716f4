/** The restore side, which another change brings. */
import type { Context, Target, TargetOptions } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';

type Constructor = new (path: string, options: TargetOptions, context: Context) => Target;

export const SqliteTarget: Constructor = class {
  constructor() {
    throw new DbimgError('UNSUPPORTED', 'Restoring to SQLite is not possible yet.');
  }
} as unknown as Constructor;
