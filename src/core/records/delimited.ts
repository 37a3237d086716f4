/**
 * Records of length-encoded values as delimited text, the form in which servers load fastest: values end with a tab,
 * records with a line feed, NULL is `\N`, and NUL, tab, line feed and backslash are escaped as `\0`, `\t`, `\n`, `\\`.
 * docs/records.md describes the records, `plain-delimited.ts` is the same without WebAssembly.
 */
import { DbimgError } from '../errors.ts';
import { misuse } from './faults.ts';
import { borrowKernel, type Kernel, returnKernel } from './kernel.ts';

/** Turns the records of one chunk into lines. Memory is bounded whatever the length of a value. */
export class DelimitedText {
  readonly #headroom: number;
  readonly #kernel: Kernel;
  #records = 0;
  #state: 'open' | 'failed' | 'ended' = 'open';

  /**
   * @param columns how many values a record has, at least 1
   * @param headroom bytes to leave free at the start of each buffer, for a header of the caller's
   */
  constructor(columns: number, headroom = 0) {
    if (!(Number.isInteger(columns) && columns > 0)) throw misuse('A record has at least one value.');
    this.#headroom = headroom;
    this.#kernel = borrowKernel();
    this.#kernel.run.openLines(columns);
  }

  /** Records that have ended. */
  get records(): number {
    return this.#records;
  }

  /**
   * The text of some bytes of the chunk, which may begin and end anywhere: new buffers of at most 768 KiB and the
   * headroom, to be taken one after the other.
   *
   * @throws DbimgError `IMAGE_DAMAGED` if the bytes are no such records.
   */
  *text(bytes: Uint8Array): Generator<Buffer<ArrayBuffer>> {
    if (this.#state !== 'open') throw misuse(`The text has ${this.#state}.`);
    const { run, input, inputStart, pieceStart } = this.#kernel;
    for (let start = 0; start < bytes.length; start += input.length) {
      const slice = bytes.subarray(start, start + input.length);
      input.set(slice);
      if (run.delimit(inputStart, inputStart + slice.length) !== 0) {
        this.#state = 'failed';
        throw damaged('a length is none');
      }
      this.#records = run.linesEnded();
      const length = run.linesLength();
      const text = Buffer.allocUnsafeSlow(this.#headroom + length);
      text.set(new Uint8Array(run.memory.buffer, pieceStart, length), this.#headroom);
      yield text;
    }
  }

  /**
   * Ends the chunk.
   *
   * @returns how many records there were
   * @throws DbimgError `IMAGE_DAMAGED` in the middle of a record.
   */
  end(): number {
    if (this.#state !== 'open') throw misuse(`The text has ${this.#state}.`);
    const inside = this.#kernel.run.insideLine() !== 0;
    this.drop();
    if (inside) throw damaged('they end in the middle of one');
    return this.#records;
  }

  /** Gives the memory back if `end` has not. May be called repeatedly. */
  drop(): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    returnKernel(this.#kernel);
  }
}

export function damaged(why: string): DbimgError {
  return new DbimgError('IMAGE_DAMAGED', `The records of a chunk are not of their encoding: ${why}.`);
}
