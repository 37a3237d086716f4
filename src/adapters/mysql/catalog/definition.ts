/** Definitions as the server shows them: text, or bytes where their maker wrote what is no text. */
import { DbimgError } from '../../../core/errors.ts';
import type { Doing } from '../../../core/server-errors.ts';
import type { Row, Session } from '../session.ts';

export interface Definition {
  readonly row: Row;
  /** To be put into the entry's body: its characters are bytes then. */
  readonly form: { readonly bytes?: true };
}

/** The only row of a `SHOW CREATE …`. */
export async function readDefinition(session: Session, statement: string, doing: Doing): Promise<Definition> {
  const [raw] = await session.raw(statement, doing);
  if (!raw) throw new DbimgError('BUG', 'A definition that is there was not shown.');
  const values = Object.entries(raw);
  const isText = values.every(
    ([, value]) => value === null || value.equals(Buffer.from(value.toString('utf8'))),
  );
  const row = Object.fromEntries(
    values.map(([name, value]) => [name, value?.toString(isText ? 'utf8' : 'latin1') ?? null]),
  );
  return { row, form: isText ? {} : { bytes: true } };
}
