/** Server processes that are gone, directory included, when the process that started them ends in any way. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const START_TIMEOUT = 120_000;
const STOP_TIMEOUT = 30_000;

export interface ServerProcess {
  readonly pid: number;
  /** Sends a signal and waits for the end; KILL follows when the server does not hear it. Files stay. Idempotent. */
  end(signal: 'TERM' | 'KILL'): Promise<void>;
}

/**
 * Runs the server as a child of a shell that kills it when our end of the pipe closes, so that no server outlives a
 * process that was killed. `end` sends names of signals through the same pipe.
 */
const SUPERVISOR = `
exec 3<&0
home=$1; shift
"$@" </dev/null 3<&- & server=$!
echo "$server" > "$home/server.pid"
{
  while read -r signal <&3; do kill -s "$signal" "$server"; done
  rm -f "$home/keep"
  kill -s KILL "$server"
} 2>/dev/null & watcher=$!
wait "$server"
kill "$watcher" 2>/dev/null
[ -e "$home/keep" ] || rm -rf "$home"
`;

/**
 * Starts `command` and waits until its output, which goes to `server.log` in `home`, contains `ready`. While we live,
 * `home` is the caller's to remove.
 *
 * @throws Error with the end of the log when the server does not start.
 */
export async function startServerProcess(
  home: string,
  command: readonly string[],
  ready: string,
): Promise<ServerProcess> {
  const path = join(home, 'server.log');
  // While this file exists a server that ends leaves its directory behind.
  await writeFile(join(home, 'keep'), '');
  const output = await open(path, 'a');
  const { size } = await output.stat();
  const log = async (): Promise<string> => (await readFile(path)).toString('utf8', size);
  const shell = spawn('sh', ['-c', SUPERVISOR, 'dbimg-server', home, ...command], {
    cwd: home,
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    detached: true,
    stdio: ['pipe', output.fd, output.fd],
  });
  try {
    await untilReady(async () => (await log()).includes(ready), shell);
  } catch (error) {
    shell.stdin?.destroy();
    const lines = (await log()).trimEnd().split('\n').slice(-20).join('\n');
    throw new Error(`${command[0]} … did not start:\n${lines}`, { cause: error });
  } finally {
    await output.close();
  }
  const pid = Number(await readFile(join(home, 'server.pid'), 'utf8'));
  // A test that forgets its server must be able to end; the supervisor then stops it.
  shell.unref();
  (shell.stdin as unknown as { unref(): void }).unref();
  return { pid, end: ender(shell) };
}

function ender(shell: ChildProcess): ServerProcess['end'] {
  const ended = once(shell, 'exit');
  let ending: Promise<void> | undefined;
  return (signal) => {
    ending ??= (async () => {
      shell.ref();
      if (shell.exitCode !== null || shell.signalCode !== null) return;
      shell.stdin?.on('error', () => {});
      shell.stdin?.write(`${signal}\n`);
      const impatience = setTimeout(() => shell.stdin?.write('KILL\n'), STOP_TIMEOUT);
      await ended;
      clearTimeout(impatience);
    })();
    return ending;
  };
}

async function untilReady(ready: () => Promise<boolean>, shell: ChildProcess): Promise<void> {
  let failure: Error | undefined;
  shell.once('error', (error) => {
    failure = error;
  });
  for (const deadline = Date.now() + START_TIMEOUT; Date.now() < deadline; await sleep(20)) {
    if (failure !== undefined) throw failure;
    if (shell.exitCode !== null || shell.signalCode !== null) throw new Error('the server ended');
    if (await ready()) return;
  }
  throw new Error(`the server was not ready after ${START_TIMEOUT / 1000} s`);
}

/** A port of 127.0.0.1 that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

/** Removes the directory of a server that has ended. */
export async function removeHome(home: string): Promise<void> {
  await rm(home, { recursive: true, force: true });
}
