/**
 * `npm start`: what dbimg is for, from beginning to end. A PostgreSQL server with the Chinook data is dumped to
 * `chinook.dbimg` and destroyed; the image is restored into a brand-new server and proven to be equal.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createChinook } from './chinook.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts';

const IMAGE = 'chinook.dbimg';
const DBIMG = fileURLToPath(new URL('../bin/dev.js', import.meta.url));
const STEPS = 5;

let done = 0;

async function step<T>(title: string, work: () => Promise<T>): Promise<T> {
  const begin = performance.now();
  console.log(`\n[${++done}/${STEPS}] ${title}`);
  const result = await work();
  console.log(`      done in ${((performance.now() - begin) / 1000).toFixed(2)} s`);
  return result;
}

/** Runs the command line as a user would; passwords go through the environment, where no process list shows them. */
async function dbimg(server: EmbeddedPostgres, ...args: readonly string[]): Promise<void> {
  console.log(`      $ dbimg ${args.join(' ')}`);
  const child = spawn(process.execPath, [DBIMG, ...args], {
    env: { ...process.env, PGPASSWORD: new URL(server.url).password },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code, signal] = await once(child, 'close');
  if (code !== 0) throw new Error(`dbimg ${args[0]} ended with ${signal ?? `exit code ${code}`}`);
}

function chinookOn(server: EmbeddedPostgres): string {
  return `postgres://postgres@${server.host}:${server.port}/chinook`;
}

async function thereAndBack(): Promise<void> {
  await using first = await step('Boot PostgreSQL 18 and fill it with the Chinook data', async () => {
    const server = await startEmbeddedPostgres();
    // An ordinary role owns it: what a superuser owns is restored with --trust only.
    await createChinook(server.url, 'chinook', 'chinook');
    return server;
  });
  await step(`Dump it to ${IMAGE}`, async () => {
    await rm(IMAGE, { force: true });
    await dbimg(first, 'dump', chinookOn(first), '-o', IMAGE);
    console.log(`      ${IMAGE}: ${Math.round((await stat(IMAGE)).size / 1024)} KiB`);
  });
  await step('Destroy that server and its data', () => first.stop());
  await using second = await step('Boot a brand-new PostgreSQL 18', () => startEmbeddedPostgres());
  await step('Restore the image there and prove by digest that it equals the source', () =>
    dbimg(second, 'restore', IMAGE, chinookOn(second), '--create', '--prove'),
  );
}

const NEXT = `
The database went through ${IMAGE} and came back the same.

Now with your own (npx dbimg, once the package is installed; npx node bin/dev.js in this clone):

  npx node bin/dev.js doctor  postgres://user@host/mydb
  npx node bin/dev.js dump    postgres://user@host/mydb -o mydb.dbimg
  npx node bin/dev.js verify  mydb.dbimg
  npx node bin/dev.js inspect mydb.dbimg
  npx node bin/dev.js restore mydb.dbimg postgres://user@host/copy_of_mydb --create --prove

Add --trust to restore if a superuser owns something in it: an image is code, and that part runs with all rights.
`;

try {
  await thereAndBack();
  console.log(NEXT);
} catch (error) {
  console.error(`\nnpm start failed: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
