/** Whether what was written stays: an election may take back what a majority does not have yet. */
import { DbimgError } from '../../core/errors.ts';
import { serverCode } from './errors.ts';
import type { Session } from './session.ts';

const SAFE = { w: 'majority' };
const UNAUTHORIZED = 13;
const DOING = { what: 'The restored data could not be made safe' };

/** Which primary it is that takes the writes: another after each election. Stand-alones have none. */
export async function electionOf(session: Session): Promise<string> {
  const { electionId } = await session.command('admin', { hello: 1 }, DOING);
  return String(electionId ?? '');
}

/** A last write that waits for a majority, or as the URL says, and so for all before it. */
export async function makeSafe(session: Session): Promise<void> {
  const { writeConcern } = session;
  const { setName } = await session.command('admin', { hello: 1 }, DOING);
  if (setName === undefined) return;
  const command = {
    appendOplogNote: 1,
    data: { dbimg: 'restored' },
    writeConcern: writeConcern ?? SAFE,
  };
  await session.command('admin', command, DOING).catch((error: unknown) => {
    // Not everybody may write a note.
    if (serverCode(error) !== UNAUTHORIZED) throw error;
  });
}

/** @throws DbimgError `USAGE` for writes that nobody would answer. */
export function assertCounting(session: Session): void {
  if (session.writeConcern?.w !== 0) return;
  throw new DbimgError('USAGE', 'With w=0 the server would not say what it took.', {
    hint: 'Use w=1, which is the default, a number of members, w=majority or a tag.',
  });
}

/** @throws DbimgError `CONNECTION_LOST` if there was an election since, unless a majority had each write. */
export async function assertKept(session: Session, election: string): Promise<void> {
  await makeSafe(session);
  if (session.writeConcern?.w === 'majority' || (await electionOf(session)) === election) return;
  throw new DbimgError('CONNECTION_LOST', 'Another member became primary while documents were loaded.', {
    hint: 'It may not have all that the former one took. Try again, or write w=majority into the URL.',
  });
}
