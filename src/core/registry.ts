/** Which adapters there are, and which one a location or an image belongs to. Adapters load when first needed. */
import type { Adapter } from './adapter.ts';
import { DbimgError } from './errors.ts';

/** What is known of an adapter before its module is loaded. */
export interface AdapterEntry {
  readonly name: string;
  /** URL schemes with their colon. */
  readonly schemes: readonly string[];
  load(): Promise<Adapter>;
}

export class Registry {
  readonly #entries: readonly AdapterEntry[];

  constructor(entries: readonly AdapterEntry[]) {
    this.#entries = entries;
  }

  get schemes(): readonly string[] {
    return this.#entries.flatMap((entry) => entry.schemes);
  }

  /** The adapter that an image names. Throws `ADAPTER_UNKNOWN`. */
  async named(name: string): Promise<Adapter> {
    const entry = this.#entries.find((candidate) => candidate.name === name);
    if (entry) return await entry.load();
    throw new DbimgError('ADAPTER_UNKNOWN', `There is no adapter named ${JSON.stringify(name)}.`, {
      hint: `Known adapters: ${this.#entries.map((candidate) => candidate.name).join(', ')}. A newer dbimg or an adapter package may have it.`,
    });
  }

  /** The adapter for a URL. Throws `ADAPTER_UNKNOWN`; the message does not repeat the location, which may hold a secret. */
  async forLocation(location: string): Promise<Adapter> {
    const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(location)?.[0]?.toLowerCase();
    const entry = this.#entries.find((candidate) => scheme && candidate.schemes.includes(scheme));
    if (entry) return await entry.load();
    const what = scheme ? `No adapter knows locations that begin with ${scheme}` : 'This is not a database URL.';
    throw new DbimgError('ADAPTER_UNKNOWN', what, { hint: `A location begins with ${this.schemes.join(' or ')}` });
  }
}
