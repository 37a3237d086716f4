/** Loads one chunk into one table. */
import type { Chunk, StreamOpen } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { identifier } from './catalog/quoting.ts';
import type { Session } from './session.ts';

/** One COPY is one transaction: a chunk that fails leaves nothing. */
export async function copyChunk(
  session: Session,
  table: string,
  open: StreamOpen,
  chunk: Chunk,
): Promise<number> {
  const binary = open.encoding === 'pg.copy.binary';
  if (!binary && open.encoding !== 'pg.copy.text') {
    throw new DbimgError('UNSUPPORTED', `PostgreSQL takes no records of ${open.encoding}.`, {
      object: open.object,
    });
  }
  const copy = `COPY ${table} FROM STDIN (FORMAT ${binary ? 'binary' : 'text'})`;
  const encoding = open.settings?.client_encoding ?? 'UTF8';
  const around = (name: string): string => `SET LOCAL client_encoding TO ${identifier(name)}`;
  const statement = encoding === 'UTF8' ? copy : `${around(encoding)}; ${copy}; ${around('UTF8')}`;
  return await session.copyIn(statement, chunk.pieces, binary, {
    what: `${open.object.slice(1).join('.')} could not be loaded`,
    object: open.object,
  });
}
