/** NDJSON in frames: the catalog. A line that is longer than a frame goes on in the next. */
import type { CatalogEntry } from '../adapter.ts';
import { damaged } from './damage.ts';
import { parseEntry } from './entries.ts';
import { FLAG } from './frame.ts';

/** No catalog entry is longer, in bytes of JSON. */
export const MAX_LINE: number = 64 * 1024 * 1024;
const NEWLINE = 0x0a;

/** What fits one frame. */
export interface LineChunk {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Lines that end in it. */
  readonly lines: number;
  readonly continued: boolean;
  readonly unfinished: boolean;
}

/** Gathers lines into chunks of about `target` bytes. */
export class LineChunker {
  readonly #target: number;
  #waiting: Uint8Array[] = [];
  #bytes = 0;

  constructor(target: number) {
    this.#target = target;
  }

  /** Takes one line without its newline; yields what is full. */
  *push(line: Uint8Array): Generator<LineChunk> {
    if (this.#bytes > 0 && this.#bytes + line.length >= this.#target) yield* this.flush();
    if (line.length < this.#target) {
      this.#waiting.push(line);
      this.#bytes += line.length + 1;
      return;
    }
    for (let at = 0; at <= line.length; at += this.#target) {
      const last = at + this.#target > line.length;
      const bytes = new Uint8Array(last ? line.length - at + 1 : this.#target);
      bytes.set(line.subarray(at, at + this.#target));
      if (last) bytes[bytes.length - 1] = NEWLINE;
      yield { bytes, lines: last ? 1 : 0, continued: at > 0, unfinished: !last };
    }
  }

  /** What has not been yielded yet. */
  *flush(): Generator<LineChunk> {
    if (this.#waiting.length === 0) return;
    const bytes = new Uint8Array(this.#bytes);
    let at = 0;
    for (const line of this.#waiting) {
      bytes.set(line, at);
      at += line.length + 1;
      bytes[at - 1] = NEWLINE;
    }
    yield { bytes, lines: this.#waiting.length, continued: false, unfinished: false };
    this.#waiting = [];
    this.#bytes = 0;
  }
}

/** Catalog entries from the plain bytes of CATALOG frames, which must come in order. */
export class CatalogParser {
  #rest: Uint8Array[] = [];
  #restBytes = 0;
  #lastId = 0;

  /** @throws DbimgError `IMAGE_DAMAGED` */
  *push(
    plain: Uint8Array,
    frame: { readonly flags: number; readonly records: number },
  ): Generator<CatalogEntry> {
    let lines = 0;
    let start = 0;
    for (let end = plain.indexOf(NEWLINE); end >= 0; end = plain.indexOf(NEWLINE, start)) {
      yield this.#entry(plain.subarray(start, end));
      lines += 1;
      start = end + 1;
    }
    const unfinished = (frame.flags & FLAG.UNFINISHED) !== 0;
    if (lines !== frame.records || start < plain.length !== unfinished) {
      throw damaged('A CATALOG frame does not hold the lines that its header says.');
    }
    if (!unfinished) return;
    this.#rest.push(plain.subarray(start));
    this.#restBytes += plain.length - start;
    if (this.#restBytes > MAX_LINE) throw damaged('A catalog entry is longer than any may be.');
  }

  #entry(end: Uint8Array): CatalogEntry {
    const line = this.#rest.length === 0 ? end : Buffer.concat([...this.#rest, end]);
    this.#rest = [];
    this.#restBytes = 0;
    const entry = parseEntry(line);
    if (entry.id <= this.#lastId) throw damaged('The ids of the catalog do not ascend.');
    this.#lastId = entry.id;
    return entry;
  }
}
