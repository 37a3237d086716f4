/** Progress for logs: a line when a step ends that took a while, and a line every few seconds in between. */
import type { ProgressEvent } from '../../core/events.ts';
import { formatDuration } from '../units.ts';
import type { Clock, Progress, Screen } from './progress.ts';
import { ProgressState } from './state.ts';
import { formatFigures } from './text.ts';

/** Milliseconds between two lines. */
const INTERVAL = 5000;
/** A step that took fewer milliseconds is not worth a line. */
const NOTABLE = 1000;

export class PlainProgress implements Progress {
  readonly #screen: Screen;
  readonly #clock: Clock;
  readonly #state = new ProgressState();
  readonly #cancel: () => void;

  constructor(screen: Screen, clock: Clock) {
    this.#screen = screen;
    this.#clock = clock;
    this.#cancel = clock.every(INTERVAL, () => this.#tick());
  }

  event(event: ProgressEvent): void {
    this.#state.apply(event, this.#clock.now());
    if (event.type !== 'step' || event.state !== 'end') return;
    if ((event.milliseconds ?? 0) >= NOTABLE) {
      this.line(`${event.step}: ended after ${formatDuration(event.milliseconds ?? 0)}`);
    }
  }

  line(text: string): void {
    this.#screen.write(`${text}\n`);
  }

  stop(): void {
    this.#cancel();
  }

  #tick(): void {
    const { step } = this.#state;
    if (step) this.line(`${step}: ${formatFigures(this.#state, this.#clock.now()).join(', ')}`);
  }
}
