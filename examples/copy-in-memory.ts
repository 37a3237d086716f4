/**
 * Copies a database through an image in memory, and proves the copy.
 *
 *   node examples/copy-in-memory.ts postgres://user@host/shop postgres://user@host/copy
 */
import { dump, MemoryStore, restore } from '../src/index.ts'; // in a program of your own: from 'dbimg'

const [source, target] = process.argv.slice(2);
if (!source || !target) {
  console.error('usage: copy-in-memory.ts SOURCE TARGET');
  process.exit(2);
}

const image = new MemoryStore();
const dumped = await dump({ source, image });
const restored = await restore({ image, target, create: true, prove: true });
console.log(`${dumped.records} records there, ${restored.proven?.records} proven back`);
