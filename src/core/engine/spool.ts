/** Values for what a pipe brings too early, so that memory stays flat: post-data, totals to be proven. */
import { ByteSpool, type Extent } from './byte-spool.ts';

export type { Extent } from './byte-spool.ts';

/** Plain data in a {@link ByteSpool}. */
export class Spool<T> implements AsyncDisposable {
  readonly #bytes: ByteSpool;

  /** `directory` is where `--tmp` points; undefined is the system's. */
  constructor(directory: string | undefined) {
    this.#bytes = new ByteSpool(directory);
  }

  async append(value: T): Promise<Extent> {
    return await this.#bytes.append(Buffer.from(JSON.stringify(value)));
  }

  async read(extent: Extent): Promise<T> {
    return JSON.parse((await this.#bytes.read(extent)).toString('utf8'));
  }

  /** Everything appended so far, in order. */
  async *values(): AsyncGenerator<T> {
    for await (const bytes of this.#bytes.values()) yield JSON.parse(bytes.toString('utf8'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bytes[Symbol.asyncDispose]();
  }
}
