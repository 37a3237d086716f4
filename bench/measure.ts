/**
 * What a command costs: wall time, CPU time and memory of all its processes. Linux only: memory is read from /proc.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

/** Between two looks at the memory. */
const SAMPLE_MS = 50;

/** One program with its arguments. */
export type Program = readonly [program: string, ...args: string[]];

/** Programs joined by pipes; mostly one alone. */
export interface Pipeline {
  readonly programs: readonly Program[];
  readonly env?: NodeJS.ProcessEnv;
  /** Exit codes that are no failure. Default only 0. */
  readonly accept?: readonly number[];
}

export interface Cost {
  /** Seconds from start to end. */
  readonly wall: number;
  /** Seconds of user and system time of all processes. */
  readonly cpu: number;
  /** Most bytes that any single process had resident: the kernel's own high-water mark. */
  readonly largest: number;
  /** Most bytes that all processes together had resident at one look; pages that they share count more than once. */
  readonly together: number;
}

export interface Outcome extends Cost {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** Runs a pipeline to its end. Throws with its standard error if it fails. */
export async function measure(pipeline: Pipeline): Promise<Outcome> {
  const script = `set -o pipefail; ${pipeline.programs.map(quoteAll).join(' | ')}; code=$?; times >&3; exit $code`;
  const begin = performance.now();
  const shell = spawn('bash', ['-c', script], {
    env: { ...process.env, ...pipeline.env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const memory = new MemoryWatch(shell.pid ?? 0);
  const [, output, errors, timing] = shell.stdio as unknown as readonly [null, Readable, Readable, Readable];
  const [stdout, stderr, times, [code]] = await Promise.all([
    text(output),
    text(errors),
    text(timing),
    once(shell, 'close') as Promise<[number | null]>,
  ]).finally(() => memory.stop());
  const wall = (performance.now() - begin) / 1000;
  if (code === null || !(pipeline.accept ?? [0]).includes(code)) {
    const what = pipeline.programs.map(([program, ...args]) => [program, ...args].join(' ')).join(' | ');
    throw new Error(`${what}\nfailed (${code}): ${stderr.trim()} ${stdout.slice(0, 2000)}`);
  }
  return {
    wall,
    cpu: childTimes(times),
    largest: memory.largest,
    together: memory.together,
    stdout,
    stderr,
    code,
  };
}

function quoteAll(words: Program): string {
  return words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
}

/** Second line of the shell's `times`: user and system time of all children that have ended, `1m2.345s 0m0.100s`. */
function childTimes(times: string): number {
  const line = times.trim().split('\n')[1] ?? '';
  const parts = [...line.matchAll(/(\d+)m([\d.]+)s/g)];
  if (parts.length !== 2) throw new Error(`the shell's times are not understood: ${JSON.stringify(times)}`);
  return parts.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
}

/** Looks at all descendants of a process again and again. */
class MemoryWatch {
  largest = 0;
  together = 0;
  readonly #root: number;
  readonly #timer: NodeJS.Timeout;

  constructor(root: number) {
    this.#root = root;
    this.#timer = setInterval(() => this.#look(), SAMPLE_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    let sum = 0;
    for (const pid of descendants(this.#root)) {
      const status = readProc(`${pid}/status`);
      sum += kilobytes(status, 'VmRSS');
      this.largest = Math.max(this.largest, kilobytes(status, 'VmHWM'));
    }
    this.together = Math.max(this.together, sum);
  }
}

function kilobytes(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024;
}

function descendants(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendants(child)]);
}

/** A child is listed under the thread that started it. */
function childrenOf(pid: number): number[] {
  let threads: string[];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    return []; // It has ended.
  }
  return threads.flatMap((thread) =>
    readProc(`${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  );
}

/** Empty when the process has ended. */
function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'latin1');
  } catch {
    return '';
  }
}

/** Seconds of CPU that a process and its children, those that ended among them, have used so far. */
export function cpuWithChildren(pid: number): number {
  for (;;) {
    const before = ticks(readProc(`${pid}/stat`));
    let children = 0;
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      const stat = readProc(`${name}/stat`);
      if (fieldsOf(stat)[PARENT] === String(pid)) children += ticks(stat);
    }
    // A child that ended meanwhile moved its time to the parent's, and may have been counted twice or not at all.
    const after = ticks(readProc(`${pid}/stat`));
    if (after === before) return (after + children) / TICKS_PER_SECOND;
  }
}

/** Of the fields after the program's name, which is in brackets and may hold spaces. */
const PARENT = 2;
/** utime, stime, cutime and cstime. */
const TIMES = [12, 16] as const;

function fieldsOf(stat: string): string[] {
  return stat.replace(/^.*\)/s, '').split(' ');
}

function ticks(stat: string): number {
  const times = fieldsOf(stat).slice(...TIMES);
  return times.reduce((sum, time) => sum + Number(time), 0);
}

/** USER_HZ: 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;
