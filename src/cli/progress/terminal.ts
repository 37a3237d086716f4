/** Progress on a terminal: a bar with figures, and below it one line for each lane. Redrawn in place. */
import { styleText } from 'node:util';
import type { LaneState, ProgressEvent } from '../../core/events.ts';
import { truncate } from '../names.ts';
import type { Clock, Progress, Screen } from './progress.ts';
import { ProgressState } from './state.ts';
import { formatFigures, formatLane } from './text.ts';

/** Milliseconds between two pictures. */
const INTERVAL = 125;
const BAR_COLUMNS = 24;
const MOST_LANES = 16;
const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const;

export class TerminalProgress implements Progress {
  readonly #screen: Screen;
  readonly #clock: Clock;
  readonly #state = new ProgressState();
  readonly #cancel: () => void;
  #drawn = 0;
  #picture = 0;
  #stopped = false;

  constructor(screen: Screen, clock: Clock) {
    this.#screen = screen;
    this.#clock = clock;
    this.#cancel = clock.every(INTERVAL, () => this.#draw());
  }

  event(event: ProgressEvent): void {
    this.#state.apply(event, this.#clock.now());
  }

  line(text: string): void {
    this.#screen.write(`${this.#erasure()}${text}\n`);
    this.#draw();
  }

  stop(): void {
    this.#cancel();
    this.#stopped = true;
    const erasure = this.#erasure();
    if (erasure) this.#screen.write(erasure);
  }

  #draw(): void {
    if (this.#stopped || !this.#state.step) return;
    const lines = this.#lines();
    const erasure = this.#erasure();
    this.#drawn = lines.length;
    this.#screen.write(`${erasure}${lines.join('\n')}\n`);
  }

  /** Puts the cursor where the picture began and clears to the end of the screen. */
  #erasure(): string {
    const up = this.#drawn;
    this.#drawn = 0;
    return up === 0 ? '' : `\u001b[${up}F\u001b[J`;
  }

  #lines(): string[] {
    const columns = (this.#screen.columns || 80) - 1;
    const { fraction, step } = this.#state;
    const figures = formatFigures(this.#state, this.#clock.now()).join('  ');
    const spinner = SPINNER[this.#picture++ % SPINNER.length] ?? '';
    const mark = fraction === undefined || columns < 70 ? spinner : bar(fraction);
    const head = truncate(`${(step ?? '').padEnd(9)} ${mark} ${figures}`, columns);
    return [head.replace(mark, paint('cyan', mark)), ...this.#laneLines(columns)];
  }

  #laneLines(columns: number): string[] {
    const most = Math.max(0, Math.min(MOST_LANES, (this.#screen.rows || 24) - 3));
    const lanes = [...this.#state.lanes.values()].sort((a, b) => a.lane - b.lane);
    if (lanes.every((lane) => lane.doing === 'idle')) return [];
    const lines = lanes.slice(0, most).map((lane) => laneLine(lane, columns));
    const hidden = lanes.length - lines.length;
    return hidden > 0 ? [...lines, paint('dim', `  … and ${hidden} more lanes`)] : lines;
  }
}

function laneLine(lane: LaneState, columns: number): string {
  const text = truncate(`${String(lane.lane + 1).padStart(4)}  ${formatLane(lane)}`, columns);
  return lane.doing === 'idle' ? paint('dim', text) : text;
}

function bar(fraction: number): string {
  const full = Math.round(fraction * BAR_COLUMNS);
  return '━'.repeat(full) + '╌'.repeat(BAR_COLUMNS - full);
}

function paint(format: 'cyan' | 'dim', text: string): string {
  return styleText(format, text, { stream: process.stderr });
}
