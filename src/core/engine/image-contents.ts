/** A complete image, object by object, for files of other tools. */
import type { CatalogEntry, ChangeBatch, ImageSummary } from '../adapter.ts';
import { DbimgError } from '../errors.ts';
import type { ImageFile } from '../image/file.ts';
import { decodeLog } from '../image/log.ts';
import type { StreamSummary } from '../image/table.ts';
import type { ImageContents, StoredStream } from '../interchange.ts';
import { type Selection, Wanted } from './select.ts';
import { streamChunks, streamOpen } from './stream-chunks.ts';

export class SelectedContents implements ImageContents {
  readonly summary: ImageSummary;
  readonly #file: ImageFile;
  readonly #wanted: Wanted;
  /** Absent if the image has no log, or one that is not needed. */
  readonly log?: () => AsyncGenerator<ChangeBatch>;

  constructor(file: ImageFile, selection: Selection) {
    this.#file = file;
    this.#wanted = new Wanted(selection);
    const { image, kind, adapter, server } = file.head;
    this.summary = { image, kind, adapter, server, position: file.root.position };
    if (file.root.totals.log > 0 && !file.root.logUnneeded) this.log = () => this.#log();
  }

  async *entries(): AsyncGenerator<CatalogEntry> {
    for await (const entry of this.#file.catalog()) if (this.#wanted.entry(entry)) yield entry;
  }

  async *streams(): AsyncGenerator<StoredStream> {
    for (const stream of await this.#inOrder()) {
      const open = await streamOpen(this.#file, stream);
      yield { open, records: stream.records, chunks: streamChunks(this.#file, stream) };
    }
  }

  /** Object by object in the order in which the first stream of each was closed. */
  async #inOrder(): Promise<StreamSummary[]> {
    const objects = new Map<string, StreamSummary[]>();
    for await (const stream of this.#file.streams()) {
      if (!this.#wanted.stream(stream)) continue;
      const name = JSON.stringify(stream.object);
      const parts = objects.get(name);
      if (parts) parts.push(stream);
      else objects.set(name, [stream]);
    }
    return [...objects.values()].flatMap((parts) => parts.sort((a, b) => a.part - b.part));
  }

  async *#log(): AsyncGenerator<ChangeBatch> {
    let pieces: Uint8Array[] = [];
    let begin: ReturnType<typeof decodeLog>['begin'];
    for await (const frame of this.#file.log()) {
      const part = decodeLog(await this.#file.openFrame(frame), frame.flags);
      begin = part.begin ?? begin;
      pieces.push(part.bytes);
      if (!part.last) continue;
      if (!begin) throw new DbimgError('IMAGE_DAMAGED', 'The log of the image begins within a batch.');
      const { from, to } = begin;
      yield { from, to, records: frame.records, bytes: Buffer.concat(pieces) };
      pieces = [];
    }
  }
}
