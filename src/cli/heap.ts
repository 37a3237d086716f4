/** How V8 lets the heap of this program grow. */
import { getHeapStatistics, setFlagsFromString } from 'node:v8';

/** What a job lives in, mostly, drivers and all. V8 counts the memory of buffers to it, which is several times as much. */
const SMALL = 24 * 1024 * 1024;
/** Between two looks, in milliseconds. */
const INTERVAL = 500;

/**
 * While the heap is small, it is marked again only when it, buffers included, is four times as large as it was. By itself
 * V8 marks it for every few MiB of buffers, because marking is quick; altogether that cost as much as compression. A heap
 * that is large is left to V8.
 */
export class HeapGrowth implements Disposable {
  readonly #timer: NodeJS.Timeout;

  constructor() {
    grow();
    this.#timer = setInterval(grow, INTERVAL).unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    setFlagsFromString('--heap-growing-percent=0');
  }
}

function grow(): void {
  const percent = getHeapStatistics().used_heap_size <= SMALL ? 300 : 0;
  setFlagsFromString(`--heap-growing-percent=${percent}`);
}
