/** Where a job stands, folded from its events: what every way of showing progress reads. */
import type { LaneState, ProgressEvent, Step } from '../../core/events.ts';

/** Milliseconds over which the rate is taken. */
const RATE_WINDOW = 10_000;
/** Milliseconds between two samples of the rate. */
const SAMPLE_EVERY = 250;
/** Milliseconds before a rate is worth showing. */
const RATE_AFTER = 500;

/** The steps in which record bytes move, so that rate and time left mean something. */
const MOVING: ReadonlySet<Step> = new Set(['data', 'prove', 'verify']);

interface Sample {
  readonly at: number;
  readonly bytes: number;
}

/** Times are milliseconds of the caller's clock. */
export class ProgressState {
  step: Step | undefined;
  stepBegan = 0;
  bytes = 0;
  records = 0;
  stored = 0;
  entries = 0;
  expectedBytes: number | undefined;
  expectedRecords: number | undefined;
  expectedEntries: number | undefined;
  readonly lanes: Map<number, LaneState> = new Map();
  #samples: Sample[] = [];

  apply(event: ProgressEvent, now: number): void {
    if (event.type === 'step') this.#applyStep(event, now);
    else if (event.type === 'lane') this.lanes.set(event.lane.lane, event.lane);
    else if (event.type === 'progress') {
      this.bytes = event.bytes;
      this.records = event.records;
      this.stored = event.stored;
      this.entries = event.entries;
      this.#sample(now);
    } else if (event.type === 'expect') {
      this.expectedBytes = event.bytes ?? this.expectedBytes;
      this.expectedRecords = event.records ?? this.expectedRecords;
      this.expectedEntries = event.entries ?? this.expectedEntries;
    }
  }

  /** Whether record bytes are what this step is about. */
  get moving(): boolean {
    return this.step !== undefined && MOVING.has(this.step);
  }

  /** Plain bytes per second of late; undefined until there is something to tell. */
  rate(now: number): number | undefined {
    const first = this.#samples.find((sample) => sample.at >= now - RATE_WINDOW) ?? this.#samples.at(-1);
    if (!this.moving || !first || now - first.at < RATE_AFTER) return undefined;
    return ((this.bytes - first.bytes) * 1000) / (now - first.at);
  }

  /** Share of the expected work that is done, 0…1. Estimates may be low: never beyond 99 % before the step has ended. */
  get fraction(): number | undefined {
    if (this.moving) return share(this.bytes, this.expectedBytes);
    return this.step === 'post-data' ? share(this.entries, this.expectedEntries) : undefined;
  }

  /** Milliseconds until the expected bytes are through, at the present rate. */
  timeLeft(now: number): number | undefined {
    const rate = this.rate(now);
    if (!rate || !this.expectedBytes || this.bytes >= this.expectedBytes) return undefined;
    return ((this.expectedBytes - this.bytes) * 1000) / rate;
  }

  #applyStep(event: ProgressEvent & { type: 'step' }, now: number): void {
    if (event.state === 'end') {
      if (this.step === event.step) this.step = undefined;
      return;
    }
    this.step = event.step;
    this.stepBegan = now;
    this.#samples = [{ at: now, bytes: this.bytes }];
  }

  #sample(now: number): void {
    const last = this.#samples.at(-1);
    if (last && this.bytes < last.bytes) this.#samples = [];
    else if (last && now - last.at < SAMPLE_EVERY) return;
    this.#samples.push({ at: now, bytes: this.bytes });
    while (this.#samples.length > 2 && (this.#samples[1]?.at ?? now) < now - RATE_WINDOW)
      this.#samples.shift();
  }
}

function share(done: number, expected: number | undefined): number | undefined {
  return expected ? Math.min(0.99, done / expected) : undefined;
}
