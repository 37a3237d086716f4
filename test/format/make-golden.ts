/** Writes the golden images. Run it only when the format changes, which from version 1 on it does not: `node test/format/make-golden.ts`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sample } from '../unit/image-samples.ts';
import { GOLDEN } from './golden.ts';

for (const { file, options } of GOLDEN) {
  const { bytes } = await sample(options);
  writeFileSync(join(import.meta.dirname, '../golden', file), bytes);
}
