/** How a job's progress is shown: on a terminal, as plain lines, as NDJSON, or not at all. */
import type { Listener, ProgressEvent } from '../../core/events.ts';
import { JsonProgress } from './json.ts';
import { PlainProgress } from './plain.ts';
import { TerminalProgress } from './terminal.ts';

export const PROGRESS_MODES = ['auto', 'plain', 'json', 'none'] as const;
export type ProgressMode = (typeof PROGRESS_MODES)[number];

/** Shows events as they come. `stop` leaves the screen as a finished line of text; it may be called twice. */
export interface Progress {
  event(event: ProgressEvent): void;
  /** Prints a line of other text where it does not disturb. */
  line(text: string): void;
  stop(): void;
}

/** Time, injected so that tests need not wait. `every` runs until the returned function is called. */
export interface Clock {
  now(): number;
  every(milliseconds: number, run: () => void): () => void;
}

/** What is written to: `process.stderr`, or a test's string. */
export interface Screen {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  every(milliseconds, run) {
    const timer = setInterval(run, milliseconds);
    timer.unref();
    return () => clearInterval(timer);
  },
};

export interface ProgressOptions {
  readonly mode: ProgressMode;
  readonly quiet: boolean;
  /** With `--json` nobody reads lines along: `auto` then shows progress on a terminal only. */
  readonly json: boolean;
  readonly screen: Screen;
  readonly clock?: Clock;
  /** Whether the terminal understands cursor movement. */
  readonly dumb?: boolean;
}

export function createProgress(options: ProgressOptions): Progress {
  const { screen, mode } = options;
  const clock = options.clock ?? systemClock;
  if (mode === 'json') return new JsonProgress(screen, clock);
  if (options.quiet || mode === 'none') return new SilentProgress(screen);
  if (mode === 'plain') return new PlainProgress(screen, clock);
  if (screen.isTTY && !options.dumb) return new TerminalProgress(screen, clock);
  return options.json ? new SilentProgress(screen) : new PlainProgress(screen, clock);
}

/** Progress is a listener the library may call at any rate; whatever fails in showing it must not fail the job. */
export function listenerOf(progress: Progress): Listener {
  return (event) => {
    try {
      progress.event(event);
    } catch {
      // A closed terminal is no reason to give up a dump.
    }
  };
}

class SilentProgress implements Progress {
  readonly #screen: Screen;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  event(): void {}

  line(text: string): void {
    this.#screen.write(`${text}\n`);
  }

  stop(): void {}
}
