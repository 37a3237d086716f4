/** Files of MongoDB's own tools: archives of mongodump, Extended JSON of mongoexport. */
import { constants, gunzipSync } from 'node:zlib';
import type { FileFormat, TextFormat } from '../../core/interchange.ts';
import { isGzip, MAGIC } from './archive-bytes.ts';
import { archiveSource } from './archive-source.ts';
import { writeArchive } from './archive-writer.ts';
import { ExtendedJsonWriter } from './extended-json.ts';
import { jsonSource } from './json-source.ts';
import { sequenceOf } from './raw-bson.ts';

export const formats: readonly FileFormat[] = [
  {
    name: 'mongodump',
    recognises: (start) => MAGIC.equals(Buffer.from(beginning(start).subarray(0, MAGIC.length))),
    source: archiveSource,
    write: writeArchive,
  },
];

/** Also of a compressed file. */
function beginning(start: Uint8Array): Uint8Array {
  if (!isGzip(start)) return start;
  try {
    return gunzipSync(start, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return start;
  }
}

export const texts: readonly TextFormat[] = [
  { name: 'extended-json', lines: () => linesOf(false), source: jsonSource },
  { name: 'relaxed-json', lines: () => linesOf(true), source: jsonSource },
];

function linesOf(relaxed: boolean): ReturnType<TextFormat['lines']> {
  const writer = new ExtendedJsonWriter({ relaxed });
  return {
    *of(chunk) {
      for (const document of sequenceOf(chunk)) yield writer.document(document);
    },
    get inexact() {
      return writer.inexact;
    },
  };
}
