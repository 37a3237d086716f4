import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { type Clock, createProgress, type Screen } from '../../src/cli/progress/progress.ts';
import { ProgressState } from '../../src/cli/progress/state.ts';
import type { ProgressEvent } from '../../src/core/events.ts';

/** Time that passes when told to. */
class FakeClock implements Clock {
  #now = 0;
  readonly #timers = new Set<{ every: number; next: number; run: () => void }>();

  now(): number {
    return this.#now;
  }

  every(milliseconds: number, run: () => void): () => void {
    const timer = { every: milliseconds, next: this.#now + milliseconds, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  pass(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.next <= end).sort((a, b) => a.next - b.next)[0];
      if (!due) break;
      this.#now = due.next;
      due.next += due.every;
      due.run();
    }
    this.#now = end;
  }

  get running(): number {
    return this.#timers.size;
  }
}

const ESC = '\u001b';
/** Cursor up, clear to the end, line end, text with or without colours. */
const TERMINAL_TOKEN = new RegExp(
  `${ESC}\\[(\\d+)F|(${ESC}\\[J)|(\n)|((?:${ESC}\\[\\d+m|[^${ESC}\n])+)`,
  'gu',
);

/** A terminal that understands what TerminalProgress sends: text, line ends, cursor up, clear to the end. */
class FakeTerminal implements Screen {
  readonly isTTY: boolean;
  columns = 100;
  rows = 24;
  text = '';
  readonly lines: string[] = [''];
  #row = 0;

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }

  write(text: string): void {
    this.text += text;
    for (const [, up, clear, end, rest] of text.matchAll(TERMINAL_TOKEN)) {
      if (up) this.#row -= Number(up);
      else if (clear) this.lines.splice(this.#row, Number.POSITIVE_INFINITY, '');
      else if (end) this.lines[++this.#row] ??= '';
      else this.lines[this.#row] += stripVTControlCharacters(rest ?? '');
    }
  }

  get picture(): string[] {
    return this.lines.filter((line) => line !== '');
  }
}

const begin = (step: 'data' | 'post-data' | 'snapshot'): ProgressEvent => ({
  type: 'step',
  step,
  state: 'begin',
});
const at = (bytes: number, records = 0, entries = 0): ProgressEvent => ({
  type: 'progress',
  bytes,
  records,
  stored: bytes / 4,
  entries,
});

function started(mode: 'auto' | 'plain' | 'json' | 'none', isTTY = false, quiet = false) {
  const clock = new FakeClock();
  const screen = new FakeTerminal(isTTY);
  return { clock, screen, progress: createProgress({ mode, quiet, json: false, screen, clock }) };
}

test('rate and time left come from the last ten seconds', () => {
  const state = new ProgressState();
  state.apply(begin('data'), 0);
  state.apply({ type: 'expect', bytes: 10_000_000 }, 0);
  assert.equal(state.rate(100), undefined);
  for (let second = 1; second <= 20; second++) state.apply(at(second * 100_000), second * 1000);
  assert.equal(state.rate(20_000), 100_000);
  assert.equal(state.timeLeft(20_000), 80_000);
  for (let second = 21; second <= 32; second++)
    state.apply(at(2_000_000 + (second - 20) * 400_000), second * 1000);
  assert.equal(state.rate(32_000), 400_000);
  assert.equal(state.fraction, 0.68);
});

test('a rate falls when nothing moves any more', () => {
  const state = new ProgressState();
  state.apply(begin('data'), 0);
  state.apply(at(1_000_000), 1000);
  assert.equal(state.rate(1000), 1_000_000);
  assert.equal(state.rate(4000), 250_000);
});

test('an estimate that was too low never says 100 %', () => {
  const state = new ProgressState();
  state.apply(begin('data'), 0);
  state.apply({ type: 'expect', bytes: 100 }, 0);
  state.apply(at(500), 1000);
  assert.equal(state.fraction, 0.99);
  assert.equal(state.timeLeft(2000), undefined);
});

test('counters that begin anew do not give a negative rate', () => {
  const state = new ProgressState();
  state.apply(begin('data'), 0);
  state.apply(at(1_000_000), 1000);
  state.apply(at(0), 2000);
  state.apply(at(500_000), 3000);
  assert.equal(state.rate(3000), 500_000);
});

test('the terminal shows bar, bytes, rows, rate, time left and each lane, in place', () => {
  const { clock, screen, progress } = started('auto', true);
  progress.event(begin('data'));
  progress.event({ type: 'expect', bytes: 100_000_000 });
  progress.event({ type: 'lane', lane: { lane: 1, doing: 'idle' } });
  progress.event({ type: 'lane', lane: { lane: 0, doing: 'read', object: ['shop', 'public', 'orders'] } });
  clock.pass(1000);
  progress.event(at(25_000_000, 1234));
  clock.pass(1000);
  assert.equal(screen.picture.length, 3);
  assert.match(
    screen.picture[0] ?? '',
    /^data {6}━{6}╌{18} 25 % {2}25\.0 MB of 100 MB {2}1,234 rows {2}1\d\.\d MB\/s {2}\d s left$/u,
  );
  assert.deepEqual(screen.picture.slice(1), ['   1  read   public.orders', '   2  idle']);
  progress.line('a word in between');
  assert.equal(screen.picture[0], 'a word in between');
  assert.equal(screen.picture.length, 4);
  progress.stop();
  progress.stop();
  assert.deepEqual(screen.picture, ['a word in between']);
  assert.equal(clock.running, 0);
  clock.pass(1000);
  assert.deepEqual(screen.picture, ['a word in between']);
});

test('a narrow terminal and hostile names never break a line', () => {
  const { clock, screen, progress } = started('auto', true);
  screen.columns = 40;
  screen.rows = 6;
  progress.event(begin('data'));
  progress.event({ type: 'expect', bytes: 1e12 });
  for (let lane = 0; lane < 8; lane++) {
    const object = ['shop', 'public', `\u001b[2J\n${'表'.repeat(60)}`];
    progress.event({ type: 'lane', lane: { lane, doing: 'apply', kind: 'index', object } });
  }
  clock.pass(1000);
  assert.equal(screen.picture.length, 5);
  assert.equal(screen.picture[4], '  … and 5 more lanes');
  assert.ok(screen.picture.every((line) => line.length < 40));
  assert.ok(!screen.text.includes('\u001b[2J'));
});

test('post-data counts objects instead of bytes', () => {
  const { clock, screen, progress } = started('auto', true);
  progress.event(begin('post-data'));
  progress.event({ type: 'expect', entries: 40 });
  progress.event(at(0, 0, 10));
  clock.pass(2000);
  assert.match(screen.picture[0] ?? '', /^post-data ━{6}╌{18} 25 % {2}10 of 40 objects {2}2\.0 s$/u);
});

test('plain lines come every five seconds and at the end of long steps', () => {
  const { clock, screen, progress } = started('auto');
  progress.event(begin('snapshot'));
  clock.pass(10);
  progress.event({ type: 'step', step: 'snapshot', state: 'end', milliseconds: 10 });
  progress.event(begin('data'));
  progress.event(at(50_000_000, 7));
  clock.pass(4000);
  assert.equal(screen.text, '');
  clock.pass(2000);
  progress.event({ type: 'step', step: 'data', state: 'end', milliseconds: 6000 });
  clock.pass(60_000);
  progress.stop();
  assert.match(screen.text, /^data: 50\.0 MB, 7 rows, 10\.\d MB\/s\ndata: ended after 6\.0 s\n$/u);
  assert.equal(clock.running, 0);
});

test('json passes every event on, counters and lanes twice a second', () => {
  const { clock, screen, progress } = started('json');
  progress.event(begin('data'));
  for (let i = 1; i <= 100; i++) {
    progress.event(at(i));
    progress.event({ type: 'lane', lane: { lane: 0, doing: i % 2 ? 'read' : 'idle' } });
    clock.pass(10);
  }
  progress.event({ type: 'warning', warning: { code: 'lock-retry', message: 'm' } });
  progress.event(at(101));
  progress.event({ type: 'step', step: 'data', state: 'end', milliseconds: 1000 });
  progress.line('SIGINT: stopping');
  progress.stop();
  const events = screen.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    events.map((event) => event.type),
    ['step', 'lane', 'progress', 'lane', 'progress', 'warning', 'progress', 'step', 'message'],
  );
  assert.deepEqual(events[2], {
    type: 'progress',
    bytes: 50,
    records: 0,
    stored: 12.5,
    entries: 0,
    elapsed: 500,
  });
  assert.equal(events[6].bytes, 101);
});

test('none and quiet show nothing but messages', () => {
  for (const { screen, progress, clock } of [started('none', true), started('auto', true, true)]) {
    progress.event(begin('data'));
    progress.event(at(1));
    clock.pass(60_000);
    progress.line('warning: x');
    progress.stop();
    assert.equal(screen.text, 'warning: x\n');
  }
});
