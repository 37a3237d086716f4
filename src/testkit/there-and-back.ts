/** A database goes into an image and comes back as it was. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pipe } from '../core/store/pipe.ts';
import type { Value } from '../core/value.ts';
import { cat, verify } from '../index.ts';
import { accounts, empty, huge, things } from './data.ts';
import { dumped, only, restored } from './jobs.ts';
import type { Scratch, Subject, TableSpec } from './subject.ts';

/** Larger than any chunk. */
const HUGE = 11 * 1024 * 1024 + 7;

export function thereAndBack(get: () => Promise<Subject>): void {
  describe('there and back', () => {
    it('restores tables, rows and indexes', () =>
      roundTrip(get, [things(5000), accounts(100), empty('nothing')]));
    it('restores with lanes in workers', () => throughWorkers(get));
    it('restores a database without tables', () => roundTrip(get, []));
    it('restores a record larger than a chunk', () => roundTrip(get, [huge(HUGE), accounts(3000)]));
    it('restores objects with odd names', async () => {
      const subject = await get();
      await roundTrip(
        get,
        subject.oddNames.map((name) => ({ ...accounts(3), name })),
      );
    });
    it('restores from a pipe while the dump writes it', () => throughPipe(get));
    it('verifies against the source, and sees one changed row', () => verifiesAgainst(get));
    it('restores encrypted and signed images', () => sealed(get));
    it('takes only what it is asked to take', () => selected(get));
    it('dumps definitions without rows', () => schemaOnly(get));
    it('decodes its records without a server', () => decodes(get));
  });
}

async function filled(subject: Subject, tables: readonly TableSpec[]): Promise<Scratch> {
  const source = await subject.create();
  await subject.fill(source.location, tables);
  return source;
}

async function same(
  subject: Subject,
  source: string,
  copy: string,
  tables: readonly TableSpec[],
): Promise<void> {
  for (const { name } of tables) {
    assert.deepEqual(await subject.rows(copy, name), await subject.rows(source, name), `rows of ${name}`);
  }
  assert.deepEqual(await subject.compare(source, copy), []);
  assert.deepEqual(await subject.traces(copy), []);
}

async function roundTrip(get: () => Promise<Subject>, tables: readonly TableSpec[]): Promise<void> {
  const subject = await get();
  await using source = await filled(subject, tables);
  await using copy = await subject.absent();
  const image = await dumped(subject.adapter, source.location);
  const result = await restored(subject.adapter, image.store, copy.location);
  const rows = tables.reduce((sum, table) => sum + table.rows.length, 0);
  assert.equal(image.records, rows);
  assert.equal(result.records, rows);
  assert.deepEqual(result.proven, { objects: tables.length, records: rows });
  await same(subject, source.location, copy.location, tables);
}

async function throughWorkers(get: () => Promise<Subject>): Promise<void> {
  const subject = await get();
  const tables = [things(3000), huge(HUGE)];
  await using source = await filled(subject, tables);
  await using copy = await subject.absent();
  const image = await dumped(subject.adapter, source.location, { lanes: 'worker' });
  await restored(subject.adapter, image.store, copy.location, { lanes: 'worker' });
  await same(subject, source.location, copy.location, tables);
}

async function throughPipe(get: () => Promise<Subject>): Promise<void> {
  const subject = await get();
  const tables = [things(4000), huge(HUGE)];
  await using source = await filled(subject, tables);
  await using copy = await subject.absent();
  const image = pipe();
  await Promise.all([
    dumped(subject.adapter, source.location, { image, jobs: 4 }),
    restored(subject.adapter, image, copy.location, { jobs: 1 }),
  ]);
  await same(subject, source.location, copy.location, tables);
}

async function verifiesAgainst(get: () => Promise<Subject>): Promise<void> {
  const subject = await get();
  await using source = await filled(subject, [things(100), accounts(10)]);
  const { store } = await dumped(subject.adapter, source.location);
  const options = { image: store, against: source.location, registry: only(subject.adapter) };
  assert.deepEqual((await verify(options)).against, { equal: 2, differing: [] });
  await subject.transfer(source.location, 'accounts', 1, 2, 1);
  const { against } = await verify(options);
  assert.equal(against?.equal, 1);
  assert.deepEqual(
    against?.differing.map(({ object, kind }) => [object.at(-1), kind]),
    [['accounts', 'content']],
  );
  await subject.fill(source.location, [{ ...accounts(1), name: 'newcomer' }]);
  const later = await verify(options);
  assert.deepEqual(
    later.against?.differing.map(({ object, kind }) => [object.at(-1), kind]),
    [
      ['accounts', 'content'],
      ['newcomer', 'extra'],
    ],
  );
}

async function sealed(get: () => Promise<Subject>): Promise<void> {
  const { generateKeyPairSync } = await import('node:crypto');
  const { privateKey } = generateKeyPairSync('ed25519');
  const subject = await get();
  const tables = [things(2000)];
  await using source = await filled(subject, tables);
  await using copy = await subject.absent();
  const passphrase = 'correct horse';
  const image = await dumped(subject.adapter, source.location, {
    encrypt: { passphrase },
    sign: { privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string },
  });
  await restored(subject.adapter, image.store, copy.location, { keys: { passphrase: () => passphrase } });
  await same(subject, source.location, copy.location, tables);
}

async function selected(get: () => Promise<Subject>): Promise<void> {
  const subject = await get();
  await using source = await filled(subject, [things(10), accounts(10), { ...accounts(5), name: 'audit' }]);
  await using dumpedOnly = await subject.absent();
  await using restoredOnly = await subject.absent();
  const some = await dumped(subject.adapter, source.location, { only: ['acc*', 'audit'], skip: ['audit'] });
  await restored(subject.adapter, some.store, dumpedOnly.location);
  const all = await dumped(subject.adapter, source.location);
  await restored(subject.adapter, all.store, restoredOnly.location, { skip: ['things', 'audit'] });
  for (const { location } of [dumpedOnly, restoredOnly]) {
    assert.equal((await subject.rows(location, 'accounts'))?.length, 10);
    assert.equal(await subject.rows(location, 'things'), undefined);
    assert.equal(await subject.rows(location, 'audit'), undefined);
  }
}

async function schemaOnly(get: () => Promise<Subject>): Promise<void> {
  const subject = await get();
  await using source = await filled(subject, [things(10)]);
  await using copy = await subject.absent();
  const image = await dumped(subject.adapter, source.location, { schemaOnly: true });
  assert.equal(image.records, 0);
  await restored(subject.adapter, image.store, copy.location);
  assert.deepEqual(await subject.rows(copy.location, 'things'), []);
}

async function decodes(get: () => Promise<Subject>): Promise<void> {
  const subject = await get();
  const table = accounts(25);
  await using source = await filled(subject, [table]);
  const { store } = await dumped(subject.adapter, source.location);
  const ids: bigint[] = [];
  for await (const row of cat({ image: store, object: 'accounts', registry: only(subject.adapter) })) {
    // Rows of columns, or documents, which name their fields themselves.
    const [first] = row.values;
    const fields =
      first?.type === 'document'
        ? first.value
        : row.columns.map(({ name }, at) => [name, row.values[at] as Value] as const);
    assert.deepEqual(
      fields.map(([name]) => name),
      [subject.key ?? 'id', 'balance'],
    );
    const [id, balance] = fields.map(([, value]) => value);
    assert.deepEqual(balance, { type: 'integer', value: 1000n });
    if (id?.type === 'integer') ids.push(id.value);
  }
  ids.sort((a, b) => Number(a - b));
  assert.deepEqual(
    ids,
    table.rows.map(([id]) => id),
  );
}
