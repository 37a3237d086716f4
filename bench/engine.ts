/** What `run.ts` asks of an engine's bench: `bench/<engine>/bench.ts` exports one as `bench`. */
import type { Comparison } from './report.ts';
import type { Rounds } from './rounds.ts';

export interface EngineBench {
  /** `PostgreSQL`: heading of the report. */
  readonly title: string;
  /** Default size of the database, in MB. */
  readonly megabytes: number;
  /** Names for `--only`, in the order in which they run. */
  readonly comparisons: readonly string[];
  /** Finds the rivals, starts what has to run, makes the database. */
  start(setting: Setting): Promise<RunningBench>;
}

export interface Setting {
  /** How large the database should be. */
  readonly bytes: number;
  /** For images, dumps and whatever else: empty, and removed afterwards. */
  readonly directory: string;
  readonly rounds: Rounds;
  readonly tell: (line: string) => void;
}

export interface RunningBench extends AsyncDisposable {
  /** Lines for the report: server and settings, rivals with their versions, the database's tables. */
  readonly circumstances: readonly string[];
  /** Runs one of `comparisons`. */
  compare(name: string): Promise<readonly Comparison[]>;
}
