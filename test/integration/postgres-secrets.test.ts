/** Secrets that are state: carried, listed, and left out when asked, at either end. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { dump, inspect, MemoryStore, restore } from '../../src/index.ts';
import { databaseUrl, query, startPostgres } from '../engines/postgres.ts';

const source = startPostgres({ version: 18 });
const target = startPostgres({ version: 18 });
after(async () => {
  await (await source).stop();
  await (await target).stop();
});

const TEXT = `it's :"dbname" and no name`;

async function shop(): Promise<string> {
  const { url } = await source;
  await query(url, `CREATE ROLE clerk LOGIN PASSWORD 'hush hush'`);
  await query(url, 'CREATE DATABASE shop OWNER clerk');
  const shopUrl = databaseUrl(url, 'shop');
  await query(
    shopUrl,
    `CREATE TABLE customer (id int, note text DEFAULT $$${TEXT}$$); ALTER TABLE customer OWNER TO clerk`,
  );
  return shopUrl;
}

async function verifierAtTarget(): Promise<string | null | undefined> {
  const { url } = await target;
  const rows = await query<{ verifier: string | null }>(
    url,
    `SELECT rolpassword AS verifier FROM pg_authid WHERE rolname = 'clerk'`,
  );
  return rows[0]?.verifier;
}

describe('secrets', () => {
  it('travel unless they are left out, in the dump or in the restore', async () => {
    const url = await shop();
    const store = new MemoryStore();
    await dump({ source: url, image: store });
    assert.deepEqual((await inspect({ image: store })).secrets, [['', '', 'clerk']]);
    const discreet = new MemoryStore();
    await dump({ source: url, image: discreet, noSecrets: true });
    assert.deepEqual((await inspect({ image: discreet })).secrets, []);
    const to = databaseUrl((await target).url, 'shop');
    const restoreAs = async (image: MemoryStore, noSecrets: boolean): Promise<string | null | undefined> => {
      await restore({ image, target: to, create: true, noSecrets });
      const verifier = await verifierAtTarget();
      const rows = await query<{ note: string }>(to, 'INSERT INTO customer VALUES (1) RETURNING note');
      assert.equal(rows[0]?.note, TEXT);
      await query((await target).url, 'DROP DATABASE shop');
      await query((await target).url, 'DROP ROLE clerk');
      return verifier;
    };
    assert.equal(await restoreAs(discreet, false), null);
    assert.equal(await restoreAs(store, true), null);
    assert.match((await restoreAs(store, false)) ?? '', /^SCRAM-SHA-256/);
  });
});
