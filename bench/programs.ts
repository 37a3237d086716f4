/** dbimg as users run it, and other programs: each run measured, its failure an error. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measure, type Outcome, type Program } from './measure.ts';
import type { Figures } from './rounds.ts';

const DBIMG = fileURLToPath(new URL('../bin/run.js', import.meta.url));

/** Lanes of dbimg, and workers of rivals that have any. */
export const JOBS = '2';

export function dbimg(...args: readonly string[]): Program {
  return [process.execPath, DBIMG, ...args];
}

/** Runs programs joined by pipes. Exit code 3 of dbimg, done with warnings, is told and counts as done. */
export async function run(programs: readonly Program[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const ours = programs.some((program) => program.includes(DBIMG));
  const outcome = await measure({ programs, env, accept: ours ? [0, 3] : [0] });
  if (outcome.code === 3) process.stderr.write(`${outcome.stderr.trim()}\n`);
  return outcome;
}

export function costs({ wall, cpu, largest, together }: Outcome): Figures {
  return { wall, cpu, largest, together };
}

/** One run after the other: times add up, memory does not. */
export function after(first: Figures, second: Figures): Figures {
  const both: Record<string, number> = { ...first };
  for (const [name, value] of Object.entries(second)) {
    const memory = name === 'largest' || name === 'together';
    both[name] = memory ? Math.max(both[name] ?? 0, value) : (both[name] ?? 0) + value;
  }
  return both;
}

/** Seconds of each step, from the `--json` result of `restore`. */
export function stepsOf(outcome: Outcome): Figures {
  const { steps } = JSON.parse(outcome.stdout) as {
    steps: readonly { readonly step: string; readonly milliseconds: number }[];
  };
  const figures: Record<string, number> = {};
  for (const { step, milliseconds } of steps) figures[step] = (figures[step] ?? 0) + milliseconds / 1000;
  return figures;
}

/** Bytes of a file, or of all files in a directory. */
export async function sizeOf(path: string): Promise<number> {
  const found = await stat(path);
  if (!found.isDirectory()) return found.size;
  const sizes = await Promise.all((await readdir(path)).map((name) => sizeOf(join(path, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}
