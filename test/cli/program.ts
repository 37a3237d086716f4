/** Runs the real program as a child process. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT: string = fileURLToPath(new URL('../..', import.meta.url));
/** `DBIMG_TEST_CLI` names another entry, such as that of an installed package. */
const PROGRAM: string = process.env.DBIMG_TEST_CLI ?? `${ROOT}/bin/dev.js`;

export interface Run {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** For standard input, which is closed after it. */
  readonly input?: string | Uint8Array;
  /** Called with the child once it has started. */
  readonly during?: (child: ReturnType<typeof startCli>) => void;
}

/** The environment of a test: nothing of the user's own database settings, no colours. */
export function cleanEnv(env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(PG|DBIMG_|FORCE_COLOR|NODE_TEST|NODE_OPTIONS|NODE_V8)/u.test(name),
  );
  return { ...Object.fromEntries(inherited), NO_COLOR: '1', ...env };
}

export function startCli(
  args: readonly string[],
  options: RunOptions = {},
): import('node:child_process').ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [PROGRAM, ...args], {
    cwd: options.cwd ?? ROOT,
    env: cleanEnv(options.env),
    stdio: 'pipe',
  });
}

/** Runs to the end and gives back all of its output. */
export async function runCli(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const child = startCli(args, options);
  options.during?.(child);
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  const [stdout, stderr, [code, signal]] = await Promise.all([
    collect(child.stdout),
    collect(child.stderr),
    new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exit, killed) => resolve([exit, killed]));
    }),
  ]);
  return { code, signal, stdout, stderr };
}

async function collect(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  stream.setEncoding('utf8');
  for await (const piece of stream) text += piece;
  return text;
}

/** Runs the program on a terminal of its own (by `script`), with `input` typed into it; stdout and stderr come as one. */
export async function runOnTerminal(
  args: readonly string[],
  input = '',
  options: RunOptions = {},
): Promise<Run> {
  const words = [process.execPath, PROGRAM, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
  const child = spawn('script', ['-qec', words.join(' '), '/dev/null'], {
    cwd: options.cwd ?? ROOT,
    env: cleanEnv({ TERM: 'xterm', ...options.env }),
    stdio: 'pipe',
  });
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  let stdout = '';
  let rest = input;
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (piece: string) => {
    stdout += piece;
    // Each question is answered with the next line of the input, once it has been asked.
    if (rest !== '' && /: $/u.test(stdout)) {
      const [line = ''] = rest.split('\n', 1);
      rest = rest.slice(line.length + 1);
      child.stdin.write(`${line}\r`);
    }
  });
  const code = await closed;
  return { code, signal: null, stdout, stderr: '' };
}
