/**
 * The recorder in plain TypeScript: what `Recorder` must do, written to be read. Tests compare the two; it waits for
 * whole messages and whole records, and so shares no algorithm with the kernel, which streams.
 */
import type { FramedInput, Framing } from '../adapter.ts';
import { addDigests, type Digest, EMPTY_DIGEST } from './digest.ts';
import { FAULT, type Fault, faultError, misuse } from './faults.ts';
import { murmur3 } from './murmur.ts';
import { CUT_LIMITS, type CutLimits, MAX_RECORD, type Piece, type RecorderOptions } from './piece.ts';
import { type Found, plainFraming } from './plain-framing.ts';

const INPUT_SIZE = 256 * 1024;

export class PlainRecorder {
  readonly #keep: boolean;
  readonly #limits: CutLimits;
  readonly #onPiece: (piece: Piece) => void;
  /** Finished records of the piece that is being filled. */
  #records: Uint8Array[] = [];
  #pieceBytes = 0;
  #pieceDigest: Digest = EMPTY_DIGEST;
  #digest: Digest = EMPTY_DIGEST;
  #bytes = 0;
  /** What `append` has had of a record that has not ended. */
  #unended: Uint8Array[] | undefined;
  #input: PlainInput | undefined;
  #state: 'open' | 'ended' | 'broken' | 'dropped' = 'open';

  constructor(options: RecorderOptions) {
    this.#keep = options.keep;
    this.#limits = options.limits ?? CUT_LIMITS;
    this.#onPiece = options.onPiece.bind(options);
  }

  get digest(): Digest {
    return this.#digest;
  }

  get bytes(): number {
    return this.#bytes;
  }

  framed(framing: Framing): FramedInput {
    if (this.#unended !== undefined) throw misuse('A recorder got framed input in the middle of a record.');
    if (this.#input !== undefined) throw misuse('A recorder has one framing for its whole life.');
    this.#input = new PlainInput(
      framing,
      (step) => this.#guarded(step),
      (record) => this.#add(record),
    );
    return this.#input;
  }

  append(bytes: Uint8Array, last: boolean): void {
    if (this.#input !== undefined) throw misuse('A recorder with a framing got a record from elsewhere.');
    this.#guarded(() => {
      this.#unended = [...(this.#unended ?? []), bytes.slice()];
      if (lengthOf(this.#unended) > MAX_RECORD) throw faultError(FAULT.tooLong, undefined);
      if (!last) return;
      const record = concat(this.#unended);
      this.#unended = undefined;
      this.#add(record);
    });
  }

  cut(): void {
    this.#guarded(() => {
      if (this.#unended !== undefined || this.#input?.inside)
        throw misuse('A piece cannot be cut in the middle of a record.');
      this.#cut();
    });
  }

  end(): Digest {
    return this.#guarded(() => {
      if (this.#unended !== undefined || this.#input?.inside)
        throw misuse('The records ended in the middle of one.');
      this.#cut();
      this.#state = 'ended';
      return this.#digest;
    });
  }

  drop(): void {
    this.#state = 'dropped';
    this.#records = [];
    this.#unended = undefined;
  }

  #guarded<T>(step: () => T): T {
    if (this.#state !== 'open') throw misuse(`The recorder is ${this.#state}.`);
    this.#state = 'broken';
    const result = step();
    if (this.#state === 'broken') this.#state = 'open';
    return result;
  }

  #add(record: Uint8Array): void {
    const { h1, h2 } = murmur3(record);
    const digest: Digest = { records: 1, sum: h1 + (h2 << 64n) };
    const { min, target, max } = this.#limits;
    this.#digest = addDigests(this.#digest, digest);
    this.#bytes += record.length;
    if (!this.#keep) return;
    if (this.#records.length > 0 && this.#pieceBytes + record.length > max) this.#cut();
    if (record.length > max) {
      this.#emitLarge(record, digest);
      return;
    }
    this.#records.push(record);
    this.#pieceBytes += record.length;
    this.#pieceDigest = addDigests(this.#pieceDigest, digest);
    const chance = Math.min(2 ** 32, record.length * Math.floor(2 ** 32 / target));
    if (this.#pieceBytes >= min && Number(h1 & 0xffffffffn) < chance) this.#cut();
  }

  #cut(): void {
    if (this.#records.length === 0) return;
    const piece = { bytes: concat(this.#records), records: this.#records.length, digest: this.#pieceDigest };
    this.#records = [];
    this.#pieceBytes = 0;
    this.#pieceDigest = EMPTY_DIGEST;
    this.#onPiece({ ...piece, continued: false, unfinished: false });
  }

  #emitLarge(record: Uint8Array, digest: Digest): void {
    const { max } = this.#limits;
    for (let start = 0; start < record.length; start += max) {
      const bytes = record.slice(start, start + max);
      const unfinished = start + max < record.length;
      const ending = unfinished ? { records: 0, digest: EMPTY_DIGEST } : { records: 1, digest };
      this.#onPiece({ bytes, ...ending, continued: start > 0, unfinished });
    }
  }
}

class PlainInput implements FramedInput {
  readonly buffer: Uint8Array<ArrayBuffer> = new Uint8Array(INPUT_SIZE);
  readonly #framing: Framing;
  readonly #guarded: (step: () => number) => number;
  readonly #add: (record: Uint8Array) => void;
  readonly #find: (data: Uint8Array) => Found | Fault | undefined;
  /** Taken, but not yet a whole message. */
  #rest: Uint8Array = new Uint8Array();
  /** Rows so far of a record that goes on in the next packet. */
  #joined: Uint8Array[] = [];
  #pending: Uint8Array = new Uint8Array();

  constructor(framing: Framing, guarded: (step: () => number) => number, add: (record: Uint8Array) => void) {
    this.#framing = framing;
    this.#guarded = guarded;
    this.#add = add;
    this.#find = plainFraming(framing);
  }

  get pending(): Uint8Array {
    return this.#pending;
  }

  get inside(): boolean {
    return this.#rest.length > 0 || this.#joined.length > 0;
  }

  feed(start: number, end: number): number {
    return this.#guarded(() => {
      if (!(start >= 0 && start <= end && end <= this.buffer.length))
        throw misuse('Input outside of its buffer.');
      const taken = this.#rest.length;
      const data = concat([this.#rest, this.buffer.subarray(start, end)]);
      let at = 0;
      this.#pending = new Uint8Array();
      for (;;) {
        const found = this.#find(data.subarray(at));
        if (typeof found === 'number') throw faultError(found, this.#framing);
        if (found === undefined) break;
        if (found === 'foreign') {
          this.#rest = new Uint8Array();
          this.#pending = data.slice(at, Math.max(at, taken));
          return Math.max(0, at - taken);
        }
        this.#join(found.record, found.goesOn);
        at += found.size;
      }
      this.#rest = data.slice(at);
      return end - start;
    });
  }

  #join(record: Uint8Array | undefined, goesOn: boolean): void {
    if (record === undefined) return;
    this.#joined.push(record);
    if (lengthOf(this.#joined) > MAX_RECORD) throw faultError(FAULT.tooLong, this.#framing);
    if (goesOn) return;
    const joined = this.#joined;
    this.#joined = [];
    this.#add(concat(joined));
  }
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(lengthOf(parts));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
