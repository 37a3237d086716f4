/** Writes pages that follow each other, in few calls of the operating system. */
import { writeSync } from 'node:fs';
import { type Geometry, pageAt } from './staging-pages.ts';

/** Bytes that are written at once. */
const BUFFER = 1024 * 1024;

export class PageWriter {
  readonly #fd: number;
  readonly #geometry: Geometry;
  readonly #pageSize: number;
  readonly #buffer: Buffer;
  #used = 0;
  /** The page that the buffer begins with, and the place of the next page. */
  #first = 0;
  #next: number;

  /** `count` pages from `place` on. */
  constructor(fd: number, geometry: Geometry, place: number, count: number) {
    const { pageSize } = geometry;
    this.#fd = fd;
    this.#geometry = geometry;
    this.#pageSize = pageSize;
    this.#next = place;
    this.#buffer = Buffer.allocUnsafe(Math.min(BUFFER, count * pageSize));
  }

  /** The page that is written next. */
  get next(): number {
    return pageAt(this.#next, this.#geometry);
  }

  /** Takes the next page; its memory may be used again. */
  write(page: Uint8Array): void {
    const number = this.next;
    const follows = number === this.#first + this.#used / this.#pageSize;
    if (!follows || this.#used + this.#pageSize > this.#buffer.length) this.flush();
    if (this.#used === 0) this.#first = number;
    this.#buffer.set(page, this.#used);
    this.#used += this.#pageSize;
    this.#next += 1;
  }

  flush(): void {
    writeAll(this.#fd, this.#buffer.subarray(0, this.#used), (this.#first - 1) * this.#pageSize);
    this.#used = 0;
  }
}

/** The operating system may take less than it is given. */
export function writeAll(fd: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(fd, bytes, done, bytes.length - done, at + done);
  }
}
