/** What every command has: global flags, progress, signals, `--json`, errors and their exit codes. */
import { Command, Errors, Flags, type Interfaces } from '@oclif/core';
import type { Listener } from '../core/events.ts';
import type { ErrorReport } from './failure.ts';
import { formatDebug, formatError, presentError, toDbimgError } from './failure.ts';
import { HeapGrowth } from './heap.ts';
import { stringify } from './json.ts';
import { exitOf, formatOutcome, formatWarning, type Outcome } from './outcome.ts';
import {
  createProgress,
  listenerOf,
  PROGRESS_MODES,
  type Progress,
  type ProgressMode,
} from './progress/progress.ts';
import { knownLocations, redactText } from './redaction.ts';
import { SignalGuard, signalExit } from './signals.ts';
import { flushOutput } from './streams.ts';

const baseFlags = {
  progress: Flags.option({
    options: PROGRESS_MODES,
    env: 'DBIMG_PROGRESS',
    helpGroup: 'GLOBAL',
    summary:
      'How progress is shown on standard error: auto (live on a terminal, else lines), plain (a line every 5 seconds), json (one event a line), none.',
  })(),
  quiet: Flags.boolean({
    char: 'q',
    helpGroup: 'GLOBAL',
    summary: 'No progress and no summary: only results, warnings and errors.',
  }),
};

/** The global flags, as parsed. */
export interface GlobalFlags {
  readonly progress?: ProgressMode | undefined;
  readonly quiet: boolean;
}

/** What a long job of the library gets from the command line. */
export interface JobHandles {
  readonly signal: AbortSignal;
  readonly onProgress: Listener;
}

export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true;
  static override baseFlags: Interfaces.FlagInput<{ progress: ProgressMode | undefined; quiet: boolean }> =
    baseFlags;

  #guard: SignalGuard | undefined;

  /** Runs a job of the library under signals and with progress on standard error. */
  protected async job<T>(flags: GlobalFlags, work: (handles: JobHandles) => Promise<T>): Promise<T> {
    const progress = createProgress({
      mode: flags.progress ?? 'auto',
      quiet: flags.quiet,
      json: this.jsonEnabled(),
      screen: process.stderr,
      dumb: process.env.TERM === 'dumb',
    });
    using _growth = new HeapGrowth();
    using guard = new SignalGuard((text) => progress.line(text));
    this.#guard = guard;
    try {
      return await work({ signal: guard.signal, onProgress: this.#listener(progress, flags.progress) });
    } finally {
      progress.stop();
    }
  }

  /** Warnings are shown in every mode, once; as events where progress is events. */
  #listener(progress: Progress, mode: ProgressMode | undefined): Listener {
    const listener = listenerOf(progress);
    return (event) => {
      if (event.type === 'warning' && mode !== 'json') {
        if (event.warning.code !== 'omitted') progress.line(redactText(formatWarning(event.warning)));
      } else listener(event);
    };
  }

  /**
   * Names what was omitted on standard error and sets exit code 3 if it was not accepted. `where` is where it is not, if
   * that is not the image.
   */
  protected conclude(outcome: Outcome, allow: readonly string[] = [], where?: string): void {
    if (!this.jsonEnabled()) {
      for (const line of formatOutcome(outcome, allow, where)) this.tell(redactText(line));
    }
    process.exitCode = exitOf(outcome, allow);
  }

  /** What every command's parser gets besides its own arguments and flags. */
  protected readonly globals: {
    readonly baseFlags: typeof BaseCommand.baseFlags;
    readonly enableJsonFlag: true;
  } = {
    baseFlags: BaseCommand.baseFlags,
    enableJsonFlag: true,
  };

  /** A line about how it went, for people: on standard error, and not beside `--json`. */
  protected summarize(line: string): void {
    if (!this.jsonEnabled()) this.tell(line);
  }

  /** A line on standard error. */
  protected tell(line: string): void {
    process.stderr.write(`${line}\n`);
  }

  /** A line of the result on standard output. */
  protected print(line: string): void {
    process.stdout.write(`${line}\n`);
  }

  /** oclif waits for standard output to drain, which it never does once its reader is gone: then it ends here. */
  protected override async _run<T>(): Promise<T> {
    const result = await super._run<T>();
    if (!(await flushOutput())) this.exit(Number(process.exitCode ?? 0));
    return result;
  }

  override logJson(json: unknown): void {
    process.stdout.write(`${stringify(json, 2)}\n`);
  }

  /** Every error of every command ends here: one message, one exit code, no secret, no stack unless asked for. */
  override async catch(thrown: Error): Promise<never> {
    if (thrown instanceof Errors.ExitError) throw thrown;
    const locations = knownLocations(this.argv, process.env);
    const error = presentError(toDbimgError(thrown, this.id ?? ''), locations);
    if (this.jsonEnabled()) this.logJson({ error: error.toJSON() } satisfies ErrorReport);
    else for (const line of formatError(error)) this.tell(line);
    if (process.env.DBIMG_DEBUG) this.tell(formatDebug(thrown, locations));
    await flushOutput();
    const received = this.#guard?.received;
    return this.exit(received ? signalExit(received) : error.exit);
  }
}
