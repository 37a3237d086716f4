import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';

const MODULE = new URL('../../src/cli/signals.ts', import.meta.url).href;

/** A process whose work ends `milliseconds` after it was asked to stop. */
async function working(milliseconds: number): Promise<ChildProcess> {
  const source = `
    import { SignalGuard, signalExit } from ${JSON.stringify(MODULE)};
    const alive = setInterval(() => {}, 1000);
    const guard = new SignalGuard((text) => console.log(text));
    guard.signal.addEventListener('abort', () => setTimeout(() => {
      console.log('cleaned up after ' + guard.signal.reason.code);
      process.exit(signalExit(guard.received));
    }, ${milliseconds}));
    console.log('working');
  `;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout?.setEncoding('utf8');
  const [first] = await once(child.stdout as NodeJS.ReadableStream, 'data');
  assert.equal(first, 'working\n');
  return child;
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  test(`${signal} lets the work clean up and ends with ${code}`, async () => {
    const child = await working(50);
    let output = '';
    child.stdout?.on('data', (text) => {
      output += text;
    });
    child.kill(signal);
    assert.deepEqual(await once(child, 'close'), [code, null]);
    assert.match(
      output,
      new RegExp(`^${signal}: stopping and cleaning up; .*\ncleaned up after CANCELLED\n$`, 'u'),
    );
  });
}

test('a second signal ends a process that does not come to an end', async () => {
  const child = await working(60_000);
  child.kill('SIGINT');
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  child.kill('SIGINT');
  assert.deepEqual(await once(child, 'close'), [null, 'SIGINT']);
});
