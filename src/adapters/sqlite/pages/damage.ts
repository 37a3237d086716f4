/** What is wrong with a page: for people, with its number. */
import { DbimgError } from '../../../core/errors.ts';

/** A page that cannot be what its place in the tree asks for. The caller knows the object and names it. */
export class PageDamage extends Error {
  override readonly name = 'PageDamage';
  readonly page: number;

  constructor(page: number, what: string) {
    super(`page ${page} ${what}`);
    this.page = page;
  }
}

export const SALVAGE_HINT =
  'See what is wrong with: sqlite3 FILE "PRAGMA integrity_check". Save what can be read with --salvage, or restore an image made before.';

/** The damage as the error of a job. Anything else passes as it is. */
export function damageError(error: unknown, object: readonly string[]): unknown {
  if (!(error instanceof PageDamage)) return error;
  return new DbimgError('SOURCE_DAMAGED', `${object.at(-1)} cannot be read whole: ${error.message}.`, {
    object,
    cause: error,
    hint: SALVAGE_HINT,
  });
}
