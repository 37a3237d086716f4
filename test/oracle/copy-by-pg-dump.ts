/** Copies a database with PostgreSQL's own tools: what every copy must reach at least, and a test of the oracle itself. */
import { randomBytes } from 'node:crypto';
import { pgTools } from '../engines/pg-tools.ts';
import { databaseUrl, dropDatabase, type TestDatabase } from '../engines/postgres.ts';

/** `pg_dump --create | psql` under another name on the same server; dropped when disposed. */
export async function copyByPgDump(source: TestDatabase): Promise<TestDatabase> {
  const tools = await pgTools();
  const name = `copy_${randomBytes(6).toString('hex')}`;
  const server = databaseUrl(source.url, 'postgres');
  const dump = await tools.dump(source.url, ['--create']);
  // The source's name is random, so it stands nowhere else; servers before 17 have no transaction_timeout.
  const script = dump.replaceAll(source.name, name).replaceAll(/^SET transaction_timeout = 0;$/gm, '');
  await tools.psql(server, script);
  return {
    name,
    url: databaseUrl(source.url, name),
    [Symbol.asyncDispose]: () => dropDatabase(server, name),
  };
}
