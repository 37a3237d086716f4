/** Small parts of the engine. Whole jobs are tested by the conformance suite. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Part } from '../../src/core/adapter.ts';
import { ChunkQueue } from '../../src/core/engine/chunk-queue.ts';
import { Job } from '../../src/core/engine/job.ts';
import { PartList } from '../../src/core/engine/parts.ts';
import { selector } from '../../src/core/engine/select.ts';
import { Spool } from '../../src/core/engine/spool.ts';
import { Throttle } from '../../src/core/engine/throttle.ts';
import { DbimgError } from '../../src/core/errors.ts';
import { FLAG, FRAME, type StoredFrame } from '../../src/core/image/frame.ts';
import { decodeFileRecords, fileRecordHeader } from '../../src/core/records/file.ts';
import { rejects } from '../../src/testkit/jobs.ts';

describe('selector', () => {
  const cases: [pattern: string, name: string[], matches: boolean][] = [
    ['artist', ['db', 'public', 'artist'], true],
    ['artist', ['db', 'public', 'artists'], false],
    ['public.artist', ['db', 'public', 'artist'], true],
    ['audit.artist', ['db', 'public', 'artist'], false],
    ['db.public.*', ['db', 'public', 'artist'], true],
    ['art*', ['db', 'public', 'artist'], true],
    ['a?tist', ['db', 'public', 'artist'], true],
    ['a[r]tist', ['db', 'public', 'artist'], false],
    ['a\nb*', ['db', 'a\nb\nc'], true],
    ['orders.old', ['shop', 'orders.old'], true],
    ['shop.orders.old', ['shop', 'orders.old'], true],
    ['*.old', ['shop', 'orders.old'], true],
    ['shop.*', ['shop', 'orders.old'], true],
    ['old', ['shop', 'orders.old'], false],
    ['orders.older', ['shop', 'orders.old'], false],
    [`${'.'.repeat(250)}x`, ['shop', 'orders.old'], false],
  ];
  for (const [pattern, name, matches] of cases) {
    it(`${JSON.stringify(pattern)} ${matches ? 'selects' : 'leaves'} ${name.join('.')}`, () => {
      assert.equal(selector({ only: [pattern] })?.(name), matches);
      assert.equal(selector({ skip: [pattern] })?.(name), !matches);
    });
  }

  it('is absent when nothing was asked for', () => assert.equal(selector({}), undefined));
});

describe('Spool', () => {
  it('gives back what it was given, in order and at random, and leaves no file', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'dbimg-test-'));
    try {
      await using spool = new Spool<{ n: number; text: string }>(directory);
      const values = Array.from({ length: 50 }, (_, n) => ({ n, text: '✓'.repeat(n) }));
      const extents = [];
      for (const value of values) extents.push(await spool.append(value));
      assert.deepEqual(await readdir(directory), []);
      const last = extents.at(-1);
      assert.ok(last);
      assert.deepEqual(await spool.read(last), values.at(-1));
      assert.deepEqual(await Array.fromAsync(spool.values()), values);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('says which directory it could not use', async () => {
    await using spool = new Spool('/nowhere/at/all');
    const error = await rejects(spool.append(1), 'STORE_FAILED');
    assert.match(error.hint ?? '', /--tmp/);
  });
});

describe('ChunkQueue', () => {
  const open = { object: ['t'], part: 0, encoding: 'x' };
  const begin = (records: number) => ({ open, records, sequence: 1 });

  it('holds back the reader when lanes are slow', async () => {
    const queue = new ChunkQueue(new AbortController().signal);
    let pushed = 0;
    const pushing = (async () => {
      for (let i = 0; i < 20; i += 1) {
        await queue.push(1, begin, frame(4 * 1024 * 1024, 0));
        pushed += 1;
      }
      queue.close();
    })();
    await sleep(10);
    assert.equal(pushed, 6, '24 MiB');
    let taken = 0;
    while (await queue.take()) taken += 1;
    await pushing;
    assert.equal(taken, 20);
  });

  it('hands the frames of a large record to one lane as they come', async () => {
    const queue = new ChunkQueue(new AbortController().signal);
    const taken = queue.take();
    await queue.push(1, begin, frame(3, FLAG.UNFINISHED));
    const job = await taken;
    assert.equal(job?.records, 1);
    await queue.push(1, begin, frame(4, FLAG.CONTINUED | FLAG.UNFINISHED));
    await queue.push(1, begin, frame(5, FLAG.CONTINUED));
    const lengths = [];
    for await (const piece of job?.frames ?? []) lengths.push(piece.plainLength);
    assert.deepEqual(lengths, [3, 4, 5]);
  });

  it('lets nobody wait after an abort', async () => {
    const controller = new AbortController();
    const queue = new ChunkQueue(controller.signal);
    const waiting = queue.take();
    controller.abort(new DbimgError('CANCELLED', 'stop'));
    await rejects(waiting, 'CANCELLED');
  });

  function frame(length: number, flags: number): StoredFrame {
    return {
      ...{ type: FRAME.DATA, kind: 'data', codec: 0, flags, stream: 1, sequence: 1, records: 1, offset: 0 },
      ...{
        plainLength: length,
        storedLength: length,
        contentId: new Uint8Array(32),
        header: new Uint8Array(80),
      },
      payload: new Uint8Array(length),
    };
  }
});

describe('Job', () => {
  it('stops all lanes at the first failure, and throws that one', async () => {
    const job = new Job({});
    let stopped = 0;
    const work = job.lanes(3, async (lane) => {
      if (lane === 1) throw new DbimgError('SERVER_ERROR', 'the first');
      await new Promise((resolve) => job.signal.addEventListener('abort', resolve));
      stopped += 1;
      throw new DbimgError('CONNECTION_LOST', 'an echo');
    });
    assert.equal((await rejects(work, 'SERVER_ERROR')).message, 'the first');
    assert.equal(stopped, 2);
  });

  it('passes the caller’s abort on, also one that came before', async () => {
    const job = new Job({ signal: AbortSignal.abort() });
    await rejects(
      job.step('data', async () => {}),
      'CANCELLED',
    );
  });
});

describe('PartList', () => {
  it('hands out each part once, and the adapter’s failure to whoever asks', async () => {
    const part = (n: number): Part => ({
      open: { object: ['t'], part: n, encoding: 'x' },
      estimate: { bytes: 10, records: 1 },
      scope: n,
    });
    let expected = 0;
    const job = new Job({
      onProgress: (event) => {
        if (event.type === 'expect') expected = event.bytes ?? 0;
      },
    });
    const list = new PartList(
      job,
      (async function* () {
        for (let i = 0; i < 25_000; i += 1) yield part(i);
        throw new DbimgError('SERVER_ERROR', 'no more');
      })(),
    );
    const seen = new Set<unknown>();
    const lane = async (): Promise<void> => {
      for (let next = await list.take(); next; next = await list.take()) seen.add(next.scope);
    };
    await Promise.all([rejects(lane(), 'SERVER_ERROR'), rejects(lane(), 'SERVER_ERROR')]);
    assert.equal(seen.size, 25_000);
    assert.ok(expected > 0);
    await list.settled();
  });
});

describe('Throttle', () => {
  it('keeps to its rate, and wakes at an abort', async () => {
    const begin = performance.now();
    const throttle = new Throttle(1_000_000, new AbortController().signal);
    for (let i = 0; i < 5; i += 1) await throttle.pass(20_000);
    const took = performance.now() - begin;
    assert.ok(took >= 75, `${took} ms for 80 ms of bytes before the last`);
    const controller = new AbortController();
    const slow = new Throttle(1, controller.signal);
    await slow.pass(1_000_000);
    const waiting = slow.pass(1);
    controller.abort(new DbimgError('CANCELLED', 'stop'));
    await rejects(waiting, 'CANCELLED');
  });
});

describe('file records', () => {
  it('come back as they were', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const chunk = Buffer.concat([
      fileRecordHeader('base/1/ä', 2 ** 40, 3),
      bytes,
      fileRecordHeader('empty', 0, 0),
    ]);
    assert.deepEqual(
      [...decodeFileRecords(chunk)].map((piece) => ({ ...piece, bytes: [...piece.bytes] })),
      [
        { path: 'base/1/ä', offset: 2 ** 40, bytes: [1, 2, 3] },
        { path: 'empty', offset: 0, bytes: [] },
      ],
    );
    assert.throws(() => [...decodeFileRecords(chunk.subarray(0, -1))], { code: 'IMAGE_DAMAGED' });
  });

  for (const path of ['../x', '/etc/passwd', 'a/../../b', 'a//b', '.', 'c:\\x', 'a\0b', '']) {
    it(`never lead to ${JSON.stringify(path)}`, () => {
      assert.throws(() => fileRecordHeader(path, 0, 0), { code: 'IMAGE_DAMAGED' });
    });
  }
});
