/** Lets a target look at the whole catalog before anything is made; what it applies first waits on disk meanwhile. */
import type { CatalogEntry, Finding, Target } from '../adapter.ts';
import { DbimgError } from '../errors.ts';
import { Spool } from './spool.ts';

const BATCH = 200;
/** So many of what stands in the way are named in a message. */
const NAMED = 20;

export class Review implements AsyncDisposable {
  readonly findings: Finding[] = [];
  readonly #target: Target;
  readonly #preData: Spool<CatalogEntry>;
  #batch: CatalogEntry[] = [];

  constructor(target: Target, directory: string | undefined) {
    this.#target = target;
    this.#preData = new Spool(directory);
  }

  /** An entry that is to be restored, in the catalog's order. */
  async add(entry: CatalogEntry): Promise<void> {
    if (entry.phase === 'pre-data') await this.#preData.append(entry);
    this.#batch.push(entry);
    if (this.#batch.length >= BATCH) await this.end();
  }

  /** Looks at what has not been looked at. */
  async end(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    if (batch.length > 0) this.findings.push(...((await this.#target.review?.(batch)) ?? []));
  }

  /** Entries of the phase `pre-data`, in order. */
  preData(): AsyncIterable<CatalogEntry> {
    return this.#preData.values();
  }

  /** @throws DbimgError of the first obstacle, naming the others too. */
  assertFits(): void {
    const obstacles = this.findings.filter(({ level }) => level === 'obstacle');
    const [first] = obstacles;
    if (first === undefined) return;
    const hint = first.hint === undefined ? {} : { hint: first.hint };
    if (obstacles.length === 1) throw new DbimgError(first.code ?? 'UNSUPPORTED', first.what, hint);
    const named = obstacles.slice(0, NAMED).map(({ what }) => `\n- ${what}`);
    const more = obstacles.length > NAMED ? `\n- and ${obstacles.length - NAMED} more` : '';
    const message = `The image does not fit in ${obstacles.length} respects:${named.join('')}${more}`;
    throw new DbimgError(first.code ?? 'UNSUPPORTED', message, hint);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#preData[Symbol.asyncDispose]();
  }
}
