/** Where a read lane's records go: through the kernel into pieces, sealed side by side, handed on in order. */
import type { FramedInput, Framing, RecordSink } from '../adapter.ts';
import { returnPieceMemory } from '../chunk-memory.ts';
import type { SealedFrame, StreamSealer } from '../codec/sealing.ts';
import type { Digest } from '../records/digest.ts';
import { type Piece, Recorder } from '../records/recorder.ts';
import { passedThrough } from './collecting.ts';

/** Plain bytes of one lane that may wait to be sealed and written: the bound of the queue between lane and writer. */
const WINDOW = 8 * 1024 * 1024;

/** Digest and plain size of a stream. */
export interface Totals {
  readonly digest: Digest;
  readonly bytes: number;
}

export type Emit = (frame: SealedFrame) => Promise<void>;

/**
 * A sink that seals. Several pieces are compressed at once, but `emit` sees the frames in their order, one at a time.
 * After a failure of `emit` or of sealing, `pressure` and `end` reject with it.
 */
export class LaneSink implements RecordSink {
  readonly #recorder: Recorder;
  readonly #sealer: StreamSealer;
  readonly #emit: Emit;
  #tail: Promise<void> = Promise.resolve();
  #waiting = 0;
  #failure: { error: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(sealer: StreamSealer, emit: Emit) {
    this.#sealer = sealer;
    this.#emit = emit;
    this.#recorder = new Recorder({ keep: true, onPiece: (piece) => this.#take(piece) });
  }

  framed(framing: Framing): FramedInput {
    return this.#recorder.framed(framing);
  }

  append(bytes: Uint8Array, last: boolean): void {
    this.#recorder.append(bytes, last);
  }

  cut(): void {
    this.#recorder.cut();
  }

  pressure(): Promise<void> | undefined {
    if (this.#failure) return Promise.reject(this.#failure.error);
    if (this.#waiting <= WINDOW) return undefined;
    return new Promise((resolve, reject) => {
      this.#wake = () => (this.#failure ? reject(this.#failure.error) : resolve());
    });
  }

  /** Seals what is left and resolves when every frame has been taken. */
  async end(): Promise<Totals> {
    const digest = this.#recorder.end();
    await this.#tail;
    if (this.#failure) throw this.#failure.error;
    return { digest, bytes: this.#recorder.bytes };
  }

  /** Lets go of the kernel's memory after a failure. */
  drop(): void {
    this.#recorder.drop();
  }

  #take(piece: Piece): void {
    const size = piece.bytes.length;
    this.#waiting += size;
    passedThrough(size);
    const sealed = this.#failure ? undefined : this.#sealer.data(piece);
    sealed?.catch(() => {});
    this.#tail = this.#tail.then(async () => {
      try {
        if (sealed && !this.#failure) {
          const frame = await sealed;
          await this.#emit(frame);
          // An incompressible piece is stored as it is: its memory may still be on its way.
          if (!frame.parts.some((part) => part.buffer === piece.bytes.buffer)) returnPieceMemory(piece.bytes);
        }
      } catch (error) {
        this.#failure ??= { error };
      }
      this.#waiting -= size;
      if (this.#waiting <= WINDOW || this.#failure) {
        this.#wake?.();
        this.#wake = undefined;
      }
    });
  }
}

/** A sink that only hashes: for proofs. */
export class DigestSink implements RecordSink {
  readonly #recorder: Recorder = new Recorder({ keep: false, onPiece: () => {} });
  #bytes = 0;

  framed(framing: Framing): FramedInput {
    return this.#recorder.framed(framing);
  }

  append(bytes: Uint8Array, last: boolean): void {
    this.#recorder.append(bytes, last);
  }

  pressure(): undefined {
    const { bytes } = this.#recorder;
    passedThrough(bytes - this.#bytes);
    this.#bytes = bytes;
    return undefined;
  }

  end(): Totals {
    const digest = this.#recorder.end();
    return { digest, bytes: this.#recorder.bytes };
  }

  drop(): void {
    this.#recorder.drop();
  }
}
