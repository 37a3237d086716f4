/**
 * A nightly dump: progress, verification, and only the newest seven images kept.
 *
 *   node examples/nightly.ts postgres://user@host/shop /backups
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DbimgError, dump, verify } from '../src/index.ts'; // in a program of your own: from 'dbimg'

const KEEP = 7;
const [source, directory] = process.argv.slice(2);
if (!source || !directory) {
  console.error('usage: nightly.ts URL DIRECTORY');
  process.exit(2);
}

try {
  const day = new Date().toISOString().slice(0, 10);
  const image = join(directory, `shop-${day}.dbimg`);
  const result = await dump({
    source,
    image,
    overwrite: true,
    onProgress: (event) => {
      if (event.type === 'object')
        console.log(`${event.object.slice(1).join('.')}: ${event.records} records`);
    },
  });
  await verify({ image });
  console.log(
    `${image}: ${result.records} records, ${result.stored} bytes, position ${result.position.time}`,
  );
  for (const omission of result.omissions)
    console.warn(`left out: ${omission.object.join('.')}: ${omission.reason}`);

  const images = (await readdir(directory)).filter((name) => /^shop-.*\.dbimg$/.test(name)).sort();
  for (const old of images.slice(0, -KEEP)) await rm(join(directory, old));
} catch (error) {
  if (!(error instanceof DbimgError)) throw error;
  console.error(`${error.code}: ${error.message}\n${error.hint ?? ''}`);
  process.exitCode = error.exit;
}
