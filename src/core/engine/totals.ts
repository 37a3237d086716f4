/** What the image says of each object, kept on disk until the restored object is proven equal. */
import type { StreamOpen } from '../adapter.ts';
import { addDigests, type Digest, digestFromJSON, digestToJSON } from '../records/digest.ts';
import type { Totals } from './lane-sink.ts';
import { Spool } from './spool.ts';

/** An object as the image has it: how to read it, and the digest of all its parts together. */
export interface ObjectTotals {
  readonly open: StreamOpen;
  readonly digest: Digest;
  readonly bytes: number;
}

interface Line {
  readonly open: StreamOpen;
  readonly digest: ReturnType<typeof digestToJSON>;
  readonly bytes: number;
}

/**
 * Most objects have one part and lie on disk only; in memory are the sums of further parts, of which only large tables
 * have any. Part 0 stands for its object.
 */
export class ImageTotals implements AsyncDisposable {
  readonly #spool: Spool<Line>;
  readonly #further = new Map<string, Totals>();
  objects = 0;

  constructor(directory: string | undefined) {
    this.#spool = new Spool(directory);
  }

  async add(open: StreamOpen, totals: Totals): Promise<void> {
    if (open.part === 0) {
      this.objects += 1;
      await this.#spool.append({ open, digest: digestToJSON(totals.digest), bytes: totals.bytes });
      return;
    }
    const key = JSON.stringify(open.object);
    const before = this.#further.get(key);
    this.#further.set(key, {
      digest: before ? addDigests(before.digest, totals.digest) : totals.digest,
      bytes: (before?.bytes ?? 0) + totals.bytes,
    });
  }

  async *values(): AsyncGenerator<ObjectTotals> {
    for await (const line of this.#spool.values()) {
      const first = digestFromJSON(line.digest);
      const more = this.#further.get(JSON.stringify(line.open.object));
      yield {
        open: line.open,
        digest: more ? addDigests(first, more.digest) : first,
        bytes: line.bytes + (more?.bytes ?? 0),
      };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#spool[Symbol.asyncDispose]();
  }
}
