/** Which adapters there are, and which one a location or an image belongs to. Adapters load when first needed. */
import type { Adapter } from './adapter.ts';
import { DbimgError } from './errors.ts';
import { nearNames } from './near-names.ts';

/** What is known of an adapter before its module is loaded. */
export interface AdapterEntry {
  readonly name: string;
  /** URL schemes with their colon. */
  readonly schemes: readonly string[];
  /**
   * Whether a location without a scheme of any adapter is this adapter's: a path to a database file. May look at the
   * file. It says no to what only looks like a path and may be a URL with a typing error.
   */
  recognises?(path: string): Promise<boolean>;
  load(): Promise<Adapter>;
}

/** A drive letter of Windows is no scheme. */
const SCHEME = /^[a-z][a-z0-9+.-]+:/i;

export class Registry {
  readonly #entries: readonly AdapterEntry[];

  constructor(entries: readonly AdapterEntry[]) {
    this.#entries = entries;
  }

  get schemes(): readonly string[] {
    return this.#entries.flatMap((entry) => entry.schemes);
  }

  /** Every adapter, loaded as it is asked for. */
  async *all(): AsyncGenerator<Adapter> {
    for (const entry of this.#entries) yield await entry.load();
  }

  /** The adapter that an image names. Throws `ADAPTER_UNKNOWN`. */
  async named(name: string): Promise<Adapter> {
    const entry = this.#entries.find((candidate) => candidate.name === name);
    if (entry) return await entry.load();
    throw new DbimgError('ADAPTER_UNKNOWN', `There is no adapter named ${JSON.stringify(name)}.`, {
      hint: `Known adapters: ${this.#entries.map((candidate) => candidate.name).join(', ')}. A newer dbimg or an adapter package may have it.`,
    });
  }

  /**
   * The adapter for a URL or a path. Throws `ADAPTER_UNKNOWN`; the message does not repeat the location, which may hold
   * a secret.
   *
   * @param image the adapter that an image names: a plain path that says nothing by itself is a file of its kind, if
   * its databases are files.
   */
  async forLocation(location: string, image?: string): Promise<Adapter> {
    const scheme = SCHEME.exec(location)?.[0].toLowerCase();
    const named = this.#entries.find(({ schemes }) => scheme !== undefined && schemes.includes(scheme));
    if (named) return await named.load();
    for (const entry of this.#entries) {
      if (await entry.recognises?.(location)) return await entry.load();
    }
    const own = this.#entries.find((entry) => entry.name === image && entry.recognises);
    if (own && !scheme) return await own.load();
    throw scheme ? this.#unknownScheme(scheme) : this.#noDatabase();
  }

  #unknownScheme(scheme: string): DbimgError {
    const [near] = nearNames(scheme, this.schemes);
    const meant = near ? `Perhaps ${near} was meant. ` : '';
    return new DbimgError('ADAPTER_UNKNOWN', `No adapter knows locations that begin with ${scheme}`, {
      hint: `${meant}A location begins with ${this.schemes.join(' or ')}`,
    });
  }

  #noDatabase(): DbimgError {
    return new DbimgError('ADAPTER_UNKNOWN', 'This is neither a database URL nor a database file.', {
      hint: `A location begins with ${this.schemes.join(' or ')}; also that of a file which is still to be made`,
    });
  }
}
