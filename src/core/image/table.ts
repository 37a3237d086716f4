/** TABLE pages: one line of NDJSON for every stream, in the order in which they were closed. */
import type { ObjectName, StreamOpen } from '../adapter.ts';
import { type Digest, digestFromJSON, digestToJSON } from '../records/digest.ts';
import { damaged } from './damage.ts';
import { readName } from './entries.ts';
import { Fields, parseJson } from './json.ts';

/** No page has more lines. */
export const MAX_ROWS = 1024;
/** No line is longer, in bytes: object names and encodings are short. */
const MAX_ROW_BYTES = 4096;
const NEWLINE = 0x0a;

/** A stream as the table lists it. */
export interface StreamSummary {
  readonly stream: number;
  readonly object: ObjectName;
  readonly part: number;
  readonly encoding: string;
  readonly digest: Digest;
  readonly records: number;
  /** Plain bytes. */
  readonly bytes: number;
  /** Stored bytes of its DATA frames, without headers. */
  readonly stored: number;
  /** INDEX blocks, counted from 0, that list its OPEN and its CLOSE frame. */
  readonly firstBlock: number;
  readonly lastBlock: number;
}

/** What a table remembers of OPEN. */
export type StreamName = Pick<StreamOpen, 'object' | 'part' | 'encoding'>;

/** Whether a stream of this name can be listed. */
export function fitsTable(open: StreamName): boolean {
  return Buffer.byteLength(JSON.stringify([open.object, open.encoding])) <= MAX_ROW_BYTES;
}

export function encodeRows(rows: readonly StreamSummary[]): Uint8Array<ArrayBuffer> {
  const lines = rows.map(
    ({ digest, ...row }) => `${JSON.stringify({ ...row, sum: digestToJSON(digest).sum })}\n`,
  );
  return new TextEncoder().encode(lines.join(''));
}

/** @throws DbimgError `IMAGE_DAMAGED` */
export function decodeRows(bytes: Uint8Array): StreamSummary[] {
  const rows: StreamSummary[] = [];
  let start = 0;
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
    rows.push(decodeRow(bytes.subarray(start, end)));
    start = end + 1;
  }
  if (start !== bytes.length || rows.length === 0 || rows.length > MAX_ROWS) {
    throw damaged('A TABLE page does not consist of 1 to 1024 lines.');
  }
  return rows;
}

function decodeRow(line: Uint8Array): StreamSummary {
  const fields = new Fields(parseJson(line, 'line of the stream table'), 'line of the stream table');
  const records = fields.count('records');
  return {
    stream: fields.count('stream'),
    object: readName(fields, 'object'),
    part: fields.count('part'),
    encoding: fields.string('encoding'),
    records,
    bytes: fields.count('bytes'),
    stored: fields.count('stored'),
    digest: digestFromJSON({ records, sum: fields.get('sum') }),
    firstBlock: fields.count('firstBlock'),
    lastBlock: fields.count('lastBlock'),
  };
}

/**
 * Whether a page says what was seen, in whatever order its fields stand.
 * @throws DbimgError `IMAGE_DAMAGED`
 */
export function sameRows(page: Uint8Array, seen: readonly StreamSummary[]): boolean {
  const expected = encodeRows(seen);
  return Buffer.compare(page, expected) === 0 || Buffer.compare(encodeRows(decodeRows(page)), expected) === 0;
}
