/** The order in which frames may stand in an image. Writer and readers ask the same rules. */
import { FLAG, FRAME, type FrameHeader, kindOf, STREAM, STREAM_OF } from './frame.ts';

/** Streams that may be open at once: one a lane, and some room. */
export const MAX_OPEN = 4096;
/** A stream's number is at most so far below the highest that was opened before it. */
export const NUMBER_WINDOW = 65536;

/** What the frames of an open stream have come to. */
export interface OpenStream {
  next: number;
  records: number;
  /** Plain bytes of its DATA frames and of the chunks its REF frames stand for. */
  bytes: number;
  /** Stored bytes of its DATA frames. */
  stored: number;
}

type OrderedFrame = Pick<
  FrameHeader,
  'type' | 'stream' | 'sequence' | 'flags' | 'records' | 'plainLength' | 'storedLength'
>;

/** Refuses frames that are dropped, repeated, swapped or out of place, in memory that does not grow with the image. */
export class FrameOrder {
  readonly #refuse: (what: string) => Error;
  readonly #open = new Map<number, OpenStream>();
  readonly #numbers = new NumberWindow();
  /** Next sequence of each metadata stream. */
  readonly #next = new Map<number, number>();
  /** The stream whose record goes on in the next frame. */
  #owner: number | undefined;
  #catalogEnded = false;
  #ended = false;

  /** `refuse` makes the error to be thrown. */
  constructor(refuse: (what: string) => Error) {
    this.#refuse = refuse;
  }

  /** Streams that are open. */
  get open(): number {
    return this.#open.size;
  }

  /** The stream that the next frame must belong to, if a record is unfinished. */
  get owner(): number | undefined {
    return this.#owner;
  }

  /** Takes the next frame. Returns its stream's account: for CLOSE the final one, for metadata none. */
  accept(frame: OrderedFrame): OpenStream | undefined {
    if (this.#ended) this.#fail(frame, 'comes after the end');
    this.#checkPlace(frame);
    const fixed = STREAM_OF[frame.type];
    const account = fixed === undefined ? this.#record(frame) : this.#metadata(frame, fixed);
    const unfinished = (frame.flags & FLAG.UNFINISHED) !== 0;
    if (frame.type !== FRAME.INDEX) this.#owner = unfinished ? frame.stream : undefined;
    return account;
  }

  #checkPlace(frame: OrderedFrame): void {
    const { type, flags } = frame;
    if ((type === FRAME.HEAD) !== !this.#next.has(STREAM.HEAD))
      this.#fail(frame, 'is not where HEAD belongs');
    if (type === FRAME.ABORT || type === FRAME.ROOT) this.#ended = true;
    const cut = flags & (FLAG.CONTINUED | FLAG.UNFINISHED);
    const cuttable = type === FRAME.DATA || type === FRAME.CATALOG || type === FRAME.LOG;
    if (cut !== 0 && !cuttable) this.#fail(frame, 'cannot be continued');
    if (type === FRAME.INDEX || type === FRAME.ABORT) return;
    const continues = (flags & FLAG.CONTINUED) !== 0;
    const continuing = this.#owner === undefined ? !continues : continues && frame.stream === this.#owner;
    if (!continuing) this.#fail(frame, 'breaks into a record or continues none');
    if (type === FRAME.CATALOG && this.#catalogEnded) this.#fail(frame, 'comes after the rows');
    if (type === FRAME.OPEN) this.#catalogEnded = true;
  }

  #metadata(frame: OrderedFrame, stream: number): undefined {
    const next = this.#next.get(stream) ?? 0;
    if (frame.stream !== stream || frame.sequence !== next)
      this.#fail(frame, `is not number ${next} of its kind`);
    this.#next.set(stream, next + 1);
    if (frame.type === FRAME.ROOT && this.#open.size > 0)
      this.#fail(frame, 'comes before all streams are closed');
  }

  #record(frame: OrderedFrame): OpenStream {
    const { type, stream, sequence } = frame;
    if (type === FRAME.OPEN) return this.#begin(frame);
    const account = this.#open.get(stream);
    if (!account) this.#fail(frame, 'belongs to no open stream');
    if (sequence !== account.next) this.#fail(frame, `should be number ${account.next} of its stream`);
    account.next += 1;
    account.records += frame.records;
    if (type === FRAME.DATA) {
      account.bytes += frame.plainLength;
      account.stored += frame.storedLength;
    }
    if (type === FRAME.CLOSE) this.#open.delete(stream);
    return account;
  }

  #begin(frame: OrderedFrame): OpenStream {
    const { stream, sequence } = frame;
    const valid = stream > 0 && stream < STREAM.RESERVED && sequence === 0;
    if (!valid || !this.#numbers.take(stream)) this.#fail(frame, 'opens a stream that cannot be opened');
    if (this.#open.size >= MAX_OPEN) this.#fail(frame, 'opens too many streams at once');
    const account: OpenStream = { next: 1, records: 0, bytes: 0, stored: 0 };
    this.#open.set(stream, account);
    return account;
  }

  #fail(frame: OrderedFrame, what: string): never {
    const name = kindOf(frame.type).toUpperCase();
    throw this.#refuse(`${name} frame ${frame.sequence} of stream ${frame.stream} ${what}.`);
  }
}

/** Numbers that were used, remembered only near the highest: older ones count as used. */
class NumberWindow {
  #used = new Set<number>();
  #top = 0;

  /** Whether `number` may still be used; it is used from now on. */
  take(number: number): boolean {
    if (number <= this.#top - NUMBER_WINDOW || this.#used.has(number)) return false;
    this.#used.add(number);
    this.#top = Math.max(this.#top, number);
    if (this.#used.size > 2 * NUMBER_WINDOW) {
      const floor = this.#top - NUMBER_WINDOW;
      this.#used = new Set([...this.#used].filter((used) => used > floor));
    }
    return true;
  }
}
