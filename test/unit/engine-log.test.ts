/** Images that hold a log: it is replayed onto what was loaded, up to the moment that the image stands for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adapter } from '../../src/adapters/memory/adapter.ts';
import { databases, MemoryDatabase } from '../../src/adapters/memory/database.ts';
import { encodeRow } from '../../src/adapters/memory/types.ts';
import type { Adapter } from '../../src/core/adapter.ts';
import { dump, inspectFrames, MemoryStore, Registry, restore, verify } from '../../src/index.ts';
import { rejects } from '../../src/testkit/jobs.ts';
import { tapped } from '../../src/testkit/tap.ts';

const ROWS = 4000;

function database(name: string): MemoryDatabase {
  const made = new MemoryDatabase();
  const rows = Array.from({ length: ROWS }, (_, id) => encodeRow([id, 'as it was']));
  made.state.tables.set('events', { columns: ['id', 'what'], rows });
  databases.set(name, made);
  return made;
}

function registry(used: Adapter): Registry {
  return new Registry([{ name: 'memory', schemes: ['memory:'], load: async () => used }]);
}

/** Dumps while rows are added; gives the image and what the database held at the end. */
async function dumpedWithLog(name: string): Promise<{ store: MemoryStore; rows: number }> {
  const source = database(name);
  let added = ROWS;
  const writing = tapped(adapter, (what) => {
    if (what === 'joinLane.read') void source.insert('events', encodeRow([added++, 'while it was read']));
  });
  const store = new MemoryStore();
  const result = await dump({
    ...{ source: `memory:${name}`, image: store, jobs: 2, allow: ['fuzzy'] },
    registry: registry(writing),
  });
  assert.ok(added > ROWS);
  assert.equal(result.records, ROWS);
  const rows = source.state.tables.get('events')?.rows.length ?? 0;
  await source.insert('events', encodeRow([added, 'afterwards']));
  return { store, rows };
}

test('a log is replayed after what was loaded has been proven', async () => {
  const { store, rows } = await dumpedWithLog('log-source');
  const types: string[] = [];
  for await (const frame of inspectFrames({ image: store })) types.push(frame.type);
  assert.ok(types.includes('log'), types.join());
  const options = { image: store, target: 'memory:log-copy', create: true, prove: true, jobs: 2 };
  const result = await restore({ ...options, registry: registry(adapter) });
  assert.deepEqual(result.proven, { objects: 1, records: ROWS, beforeReplay: true });
  assert.deepEqual(result.replayed, { changes: rows - ROWS });
  assert.equal(databases.get('log-copy')?.state.tables.get('events')?.rows.length, rows);
});

test('an image whose log is to be replayed is no state to compare a database with', async () => {
  const { store } = await dumpedWithLog('log-verified');
  const against = verify({ image: store, against: 'memory:log-verified', registry: registry(adapter) });
  assert.match((await rejects(against, 'UNSUPPORTED')).message, /log/);
});

test('a target that cannot replay refuses before anything is visible', async () => {
  const { store } = await dumpedWithLog('log-refused');
  const without: Adapter = {
    ...adapter,
    connect: async (location, context) => {
      const connection = await adapter.connect(location, context);
      const target = connection.target.bind(connection);
      return Object.assign(connection, {
        target: async (options: Parameters<typeof target>[0]) =>
          Object.assign(await target(options), { replay: undefined }),
      });
    },
  };
  const options = { image: store, target: 'memory:log-none', create: true, registry: registry(without) };
  await rejects(restore(options), 'UNSUPPORTED');
  assert.equal(databases.has('log-none'), false);
});

test('a damaged log is found before it is replayed', async () => {
  const { store } = await dumpedWithLog('log-damaged');
  let offset = 0;
  for await (const frame of inspectFrames({ image: store }))
    if (frame.type === 'log') offset = frame.offset + 90;
  const bytes = (store.bytes as Uint8Array<ArrayBuffer>).slice();
  bytes[offset] = (bytes[offset] as number) ^ 1;
  const options = { image: new MemoryStore(bytes), target: 'memory:log-bad', create: true };
  await rejects(restore({ ...options, registry: registry(adapter) }), 'IMAGE_DAMAGED');
  assert.equal(databases.has('log-bad'), false);
});
