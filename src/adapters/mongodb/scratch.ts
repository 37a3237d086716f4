/** Removing what a restore made beside. */
import { serverCode } from './errors.ts';
import { VIEWS } from './names.ts';
import { inParallel } from './parallel.ts';
import { fieldOf, textOf } from './raw-bson.ts';
import type { Session } from './session.ts';

const WIDTH = 4;
const UNAUTHORIZED = 13;
const NAMESPACE_NOT_FOUND = 26;

/** Drops the collections of a run. Dropping one ends the builds of its indexes. */
export async function removeScratch(
  session: Session,
  run: string,
  databases: readonly string[],
): Promise<void> {
  for (const database of databases) {
    const doing = { what: `What was made in ${database} could not be removed` };
    const names: string[] = [];
    const filter = { name: { $regex: `^dbimg_${run}_` } };
    for await (const info of session.documents(
      database,
      { listCollections: 1, filter, nameOnly: true },
      doing,
    )) {
      names.push(textOf(fieldOf(info, 'name')) ?? '');
    }
    await inParallel(names, WIDTH, async (name) => {
      await session.command(database, { drop: name }, doing).catch((error: unknown) => {
        if (serverCode(error) !== NAMESPACE_NOT_FOUND) throw error;
      });
    });
    await removeEmptyViews(session, database);
  }
}

/**
 * The server makes the collection of views for the first one, and keeps it: with it the database would go on existing.
 * Views are listed beside it, so alone it is empty. Not every account that may restore may drop it.
 */
async function removeEmptyViews(session: Session, database: string): Promise<void> {
  const doing = { what: `What was made in ${database} could not be removed` };
  const { cursor } = await session.command(database, { listCollections: 1, nameOnly: true }, doing);
  const names = (cursor.firstBatch as readonly { name: string }[]).map(({ name }) => name);
  if (names.length !== 1 || names[0] !== VIEWS) return;
  await session.command(database, { drop: VIEWS }, doing).catch((error: unknown) => {
    if (serverCode(error) !== UNAUTHORIZED) throw error;
  });
}
