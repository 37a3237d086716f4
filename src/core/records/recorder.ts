/** Where records are hashed, counted and cut into pieces: the WebAssembly kernel behind an object. */
import type { FramedInput, Framing } from '../adapter.ts';
import { takePieceMemory } from '../chunk-memory.ts';
import { addDigests, type Digest, EMPTY_DIGEST } from './digest.ts';
import { type Fault, faultError, misuse } from './faults.ts';
import { borrowKernel, FAULT_BASE, FRAMING_NUMBERS, type Kernel, OUTCOME, returnKernel } from './kernel.ts';
import { CUT_LIMITS, type Piece, type RecorderOptions } from './piece.ts';

export type { CutLimits, Piece, RecorderOptions } from './piece.ts';

/**
 * Takes the records of one stream, as wire bytes (`framed`) or one by one (`append`), never both.
 *
 * Pieces do not depend on how the bytes arrived. After any error, also one that `onPiece` throws, the recorder accepts
 * nothing more. End it with `end`, or with `drop` if its records are no longer wanted.
 */
export class Recorder {
  readonly #keep: boolean;
  readonly #onPiece: (piece: Piece) => void;
  #kernel: Kernel | undefined;
  #state: 'open' | 'ended' | 'broken' | 'dropped' = 'open';
  #framing: Framing | undefined;
  /** Of the records in pieces that are out. */
  #emitted: Digest = EMPTY_DIGEST;
  #bytes = 0;
  #pending: Uint8Array = NOTHING;

  /** @throws DbimgError `BUG` if the limits make no sense. */
  constructor(options: RecorderOptions) {
    const { min, target, max } = options.limits ?? CUT_LIMITS;
    const kernel = borrowKernel();
    const powerOfTwo = Number.isInteger(Math.log2(target)) && target >= 1 && target <= 2 ** 31;
    if (!(Number.isInteger(min) && Number.isInteger(max) && min >= 0 && min <= max) || !powerOfTwo) {
      throw misuse('The limits of a recorder must be integers, `target` a power of two.');
    }
    if (max < 16 || max > kernel.pieceSize) throw misuse(`A piece is from 16 to ${kernel.pieceSize} bytes.`);
    kernel.run.open(options.keep, min, target, max);
    this.#keep = options.keep;
    this.#onPiece = options.onPiece.bind(options);
    this.#kernel = kernel;
  }

  /** Of the records that have ended. */
  get digest(): Digest {
    return this.#kernel === undefined ? this.#emitted : addDigests(this.#emitted, digestOf(this.#kernel));
  }

  /** Length of the records that have ended, without any framing. */
  get bytes(): number {
    return this.#kernel?.run.bytes() ?? this.#bytes;
  }

  /**
   * Memory for wire bytes and the function that walks it. Called once. Nobody may write into the memory after `end`.
   *
   * `feed` throws `SERVER_ERROR` if the bytes are not of the framing.
   */
  framed(framing: Framing): FramedInput {
    const kernel = this.#use();
    if (this.#framing !== undefined) throw misuse('A recorder has one framing for its whole life.');
    if (kernel.run.inside()) throw misuse('A recorder got framed input in the middle of a record.');
    this.#framing = framing;
    kernel.run.setFraming(FRAMING_NUMBERS[framing]);
    const recorder = this;
    return {
      buffer: kernel.input,
      feed: (start, end) => recorder.#feed(start, end),
      get pending() {
        return recorder.#pending;
      },
    };
  }

  /**
   * A record, or a piece of one; `last` ends it. The bytes are copied.
   *
   * @throws DbimgError `UNSUPPORTED` if the record becomes longer than 2 GiB.
   */
  append(bytes: Uint8Array, last: boolean): void {
    const kernel = this.#use();
    if (this.#framing !== undefined) throw misuse('A recorder with a framing got a record from elsewhere.');
    this.#state = 'broken';
    const size = kernel.input.length;
    let start = 0;
    for (; bytes.length - start > size; start += size)
      this.#appendSlice(bytes.subarray(start, start + size), false);
    this.#appendSlice(start === 0 ? bytes : bytes.subarray(start), last);
    this.#reopen();
  }

  /**
   * Ends the piece here, whatever its length.
   *
   * @throws DbimgError `BUG` in the middle of a record.
   */
  cut(): void {
    const kernel = this.#use();
    if (kernel.run.inside()) throw misuse('A piece cannot be cut in the middle of a record.');
    this.#state = 'broken';
    if (kernel.run.flush() !== OUTCOME.all) this.#emit(kernel);
    this.#reopen();
  }

  /**
   * Emits the last piece and gives the digest of everything.
   *
   * @throws DbimgError `BUG` in the middle of a record.
   */
  end(): Digest {
    const kernel = this.#use();
    this.#state = 'broken';
    if (kernel.run.inside()) throw misuse('The records ended in the middle of one.');
    if (kernel.run.flush() !== OUTCOME.all) this.#emit(kernel);
    this.#letGo();
    if (this.#state === 'broken') {
      this.#state = 'ended';
      returnKernel(kernel);
    }
    return this.#emitted;
  }

  /**
   * Gives the records up. Never throws, may be called at any time and repeatedly. The memory is left to the garbage
   * collector, because a socket may still be writing into it.
   */
  drop(): void {
    this.#letGo();
    if (this.#state !== 'ended') this.#state = 'dropped';
  }

  #use(): Kernel {
    if (this.#state !== 'open' || this.#kernel === undefined) throw misuse(`The recorder is ${this.#state}.`);
    return this.#kernel;
  }

  #reopen(): void {
    if (this.#state === 'broken') this.#state = 'open';
  }

  #letGo(): void {
    this.#emitted = this.digest;
    this.#bytes = this.bytes;
    this.#kernel = undefined;
  }

  #appendSlice(bytes: Uint8Array, last: boolean): void {
    const kernel = this.#kernel;
    if (kernel === undefined) return;
    kernel.input.set(bytes);
    let from = kernel.inputStart;
    const to = from + bytes.length;
    let outcome = kernel.run.append(from, to, last);
    while (outcome === OUTCOME.pieceReady) {
      from = kernel.run.position();
      this.#emit(kernel);
      outcome = kernel.run.append(from, to, last);
    }
    if (outcome === OUTCOME.pieceReadyAtEnd) this.#emit(kernel);
    else if (outcome !== OUTCOME.all) throw faultError((outcome - FAULT_BASE) as Fault, undefined);
  }

  #feed(start: number, end: number): number {
    const kernel = this.#use();
    if (!(start >= 0 && start <= end && end <= kernel.input.length))
      throw misuse('Input outside of its buffer.');
    this.#state = 'broken';
    let from = kernel.inputStart + start;
    const to = kernel.inputStart + end;
    let outcome = kernel.run.feed(from, to);
    while (outcome === OUTCOME.pieceReady) {
      from = kernel.run.position();
      this.#emit(kernel);
      outcome = kernel.run.feed(from, to);
    }
    if (outcome >= FAULT_BASE) throw faultError((outcome - FAULT_BASE) as Fault, this.#framing);
    this.#reopen();
    this.#pending = NOTHING;
    if (outcome === OUTCOME.all) return end - start;
    const held = kernel.run.held();
    const consumed = kernel.run.position() - held - kernel.inputStart - start;
    if (consumed >= 0) return consumed;
    this.#pending = kernel.head.slice(0, -consumed);
    return 0;
  }

  #emit(kernel: Kernel): void {
    const { run, pieceStart } = kernel;
    const bytes = this.#keep ? takePieceMemory(run.readyLength()) : NO_BYTES;
    if (this.#keep) bytes.set(new Uint8Array(run.memory.buffer, pieceStart, bytes.length));
    const digest = digestOf(kernel);
    const piece: Piece = {
      bytes,
      records: digest.records,
      digest,
      continued: run.continued() !== 0,
      unfinished: run.readyUnfinished() !== 0,
    };
    run.release();
    this.#emitted = addDigests(this.#emitted, digest);
    if (this.#keep) this.#onPiece(piece);
  }
}

const NOTHING: Uint8Array = new Uint8Array();
const NO_BYTES: Uint8Array<ArrayBuffer> = new Uint8Array();

function digestOf({ run }: Kernel): Digest {
  const sum = BigInt.asUintN(64, run.sumLow()) | (BigInt.asUintN(64, run.sumHigh()) << 64n);
  return { records: run.records(), sum };
}
