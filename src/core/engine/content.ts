/** The frames that the engine itself reads: catalog, OPEN and CLOSE. DATA belongs to the lanes. */
import type { CatalogEntry, StreamOpen } from '../adapter.ts';
import { parseOpen, parseTotal } from '../image/entries.ts';
import type { StoredFrame } from '../image/frame.ts';
import { FrameOpener, type Opening } from '../image/frame-opener.ts';
import { CatalogParser } from '../image/lines.ts';
import type { Totals } from './lane-sink.ts';

export class ContentReader {
  readonly #opener: FrameOpener;
  readonly #catalog: CatalogParser = new CatalogParser();

  constructor(opening: Opening) {
    this.#opener = new FrameOpener(opening);
  }

  /** The entries that end in a CATALOG frame. Every such frame must be given, in order. */
  async entries(frame: StoredFrame): Promise<Iterable<CatalogEntry>> {
    return this.#catalog.push(await this.#opener.open(frame), frame);
  }

  async open(frame: StoredFrame): Promise<StreamOpen> {
    return parseOpen(await this.#opener.open(frame));
  }

  async totals(frame: StoredFrame): Promise<Totals> {
    return parseTotal(await this.#opener.open(frame));
  }
}
