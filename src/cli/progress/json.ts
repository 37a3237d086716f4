/** Progress for machines: the library's events, one JSON object a line, with the milliseconds since the start. */
import type { ProgressEvent } from '../../core/events.ts';
import { stringify } from '../json.ts';
import type { Clock, Progress, Screen } from './progress.ts';

/** Milliseconds between two `progress` events; lanes report their latest state at the same times. */
const INTERVAL = 500;

/** Counters and lane states are thinned to two a second, everything else is passed on at once. */
export class JsonProgress implements Progress {
  readonly #screen: Screen;
  readonly #clock: Clock;
  readonly #began: number;
  readonly #cancel: () => void;
  #progress: ProgressEvent | undefined;
  readonly #lanes = new Map<number, ProgressEvent>();

  constructor(screen: Screen, clock: Clock) {
    this.#screen = screen;
    this.#clock = clock;
    this.#began = clock.now();
    this.#cancel = clock.every(INTERVAL, () => this.#flush());
  }

  event(event: ProgressEvent): void {
    if (event.type === 'progress') this.#progress = event;
    else if (event.type === 'lane') this.#lanes.set(event.lane.lane, event);
    else {
      if (event.type === 'step') this.#flush();
      this.#write(event);
    }
  }

  line(text: string): void {
    this.#write({ type: 'message', message: text });
  }

  stop(): void {
    this.#cancel();
    this.#flush();
  }

  #flush(): void {
    for (const event of this.#lanes.values()) this.#write(event);
    this.#lanes.clear();
    if (this.#progress) this.#write(this.#progress);
    this.#progress = undefined;
  }

  #write(event: object): void {
    this.#screen.write(`${stringify({ ...event, elapsed: this.#elapsed() })}\n`);
  }

  #elapsed(): number {
    return Math.round(this.#clock.now() - this.#began);
  }
}
