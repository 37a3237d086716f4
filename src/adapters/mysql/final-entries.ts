/** Entries that are made when the restore is published, kept on disk until then. */
import type { CatalogEntry } from '../../core/adapter.ts';
import { type Extent, Spool } from '../../core/engine/spool.ts';
import { finalRank } from './trial.ts';

export class FinalEntries implements AsyncDisposable {
  readonly #spool: Spool<CatalogEntry>;
  readonly #entries: { readonly rank: number; readonly extent: Extent }[] = [];

  /** @param directory for the file. Default the system's. */
  constructor(directory: string | undefined) {
    this.#spool = new Spool(directory);
  }

  async add(entry: CatalogEntry): Promise<void> {
    this.#entries.push({ rank: finalRank(entry), extent: await this.#spool.append(entry) });
  }

  /** Kind by kind, within a kind in the order of the catalog. */
  async *values(): AsyncGenerator<CatalogEntry> {
    for (const { extent } of this.#entries.toSorted((a, b) => a.rank - b.rank)) {
      yield await this.#spool.read(extent);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#spool[Symbol.asyncDispose]();
  }
}
