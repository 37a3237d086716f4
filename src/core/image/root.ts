/** ROOT: the last frame, which names everything else by hash. `docs/format.md` section 10. */
import type { Omission, Plain, Position } from '../adapter.ts';
import { damaged } from './damage.ts';
import { readOmission, readPosition } from './entries.ts';
import { Fields, parseJson } from './json.ts';

/** An INDEX or TABLE frame. */
export interface PageRef {
  readonly offset: number;
  /** Content id of the frame, 64 hexadecimal digits. */
  readonly id: string;
  /** Entries of the block, or lines of the page. */
  readonly count: number;
}

export interface ImageTotals {
  /** Frames that the INDEX blocks list: all but INDEX, ROOT and ABORT. */
  readonly frames: number;
  /** Catalog entries. */
  readonly entries: number;
  readonly streams: number;
  readonly records: number;
  /** Plain bytes of records. */
  readonly bytes: number;
  /** Stored bytes of DATA frames, without headers. */
  readonly stored: number;
  /** Sum of all streams' digests, 32 hexadecimal digits. */
  readonly sum: string;
  /** LOG frames. */
  readonly log: number;
}

export interface Root {
  readonly image: string;
  /** The moment that the image stands for. */
  readonly position: Position;
  readonly omissions: readonly Omission[];
  /** The log in the image turned out to be unnecessary and is not to be replayed. */
  readonly logUnneeded?: boolean;
  readonly details?: Plain;
  /** SHA-256 of all bytes before HEAD. */
  readonly prelude: string;
  /** Content id of HEAD. */
  readonly head: string;
  readonly totals: ImageTotals;
  readonly blocks: readonly PageRef[];
  readonly pages: readonly PageRef[];
}

const HEX32 = /^[0-9a-f]{32}$/;
const HEX64 = /^[0-9a-f]{64}$/;

/** @throws DbimgError `IMAGE_DAMAGED` */
export function parseRoot(bytes: Uint8Array): Root {
  const fields = new Fields(parseJson(bytes, 'ROOT frame'), 'ROOT frame');
  const root: Root = {
    image: fields.string('image'),
    position: readPosition(fields.fields('position')),
    omissions: fields.list('omissions').map(readOmission),
    ...fields.optional('logUnneeded', (name) => fields.boolean(name)),
    ...fields.optional('details', (name) => fields.plain(name)),
    prelude: fields.matching('prelude', HEX64),
    head: fields.matching('head', HEX64),
    totals: readTotals(fields.fields('totals')),
    blocks: fields.list('blocks').map(readPageRef),
    pages: fields.list('pages').map(readPageRef),
  };
  for (const list of [root.blocks, root.pages]) {
    if (list.some((page, i) => i > 0 && page.offset <= (list[i - 1] as PageRef).offset)) {
      throw damaged('The blocks or pages in the ROOT frame are out of order.');
    }
  }
  return root;
}

function readTotals(fields: Fields): ImageTotals {
  return {
    frames: fields.count('frames'),
    entries: fields.count('entries'),
    streams: fields.count('streams'),
    records: fields.count('records'),
    bytes: fields.count('bytes'),
    stored: fields.count('stored'),
    sum: fields.matching('sum', HEX32),
    log: fields.count('log'),
  };
}

function readPageRef(value: unknown): PageRef {
  const fields = new Fields(value, 'entry of the ROOT frame');
  return { offset: fields.count('offset'), id: fields.matching('id', HEX64), count: fields.count('count') };
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}
