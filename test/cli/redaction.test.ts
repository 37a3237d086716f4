import assert from 'node:assert/strict';
import { test } from 'node:test';
import { knownLocations, redactLocation, redactText } from '../../src/cli/redaction.ts';

const SECRET = 'hunter2';

test('no form of a location keeps its password', () => {
  const locations = [
    `postgres://user:${SECRET}@host/db`,
    `postgres://user:${SECRET}@host:5432/db?sslmode=require`,
    `postgres://:${SECRET}@host/db`,
    `postgres://user:p@ss/${SECRET}@host/db`,
    `postgres://user:with space ${SECRET}@host/db`,
    `mongodb+srv://user:${SECRET}@a,b:27017/?replicaSet=r`,
    `postgres://host/db?user=u&password=${SECRET}&x=1`,
    `user:${SECRET}@host/db`,
    `//user:${SECRET}@host`,
  ];
  for (const location of locations) {
    assert.ok(!redactLocation(location).includes(SECRET), location);
    const text = redactText(`connecting to "${location}" failed`, [location]);
    assert.ok(!text.includes(SECRET), text);
    assert.ok(text.startsWith('connecting to "') && text.includes('***'), text);
  }
});

test('settings in any notation lose their password', () => {
  const text = `password=${SECRET} host=h; { password: '${SECRET}', port: 1 } {"password": "${SECRET} x"} sslpassword='${SECRET} y'`;
  const redacted = redactText(text);
  assert.ok(!redacted.includes(SECRET), redacted);
  assert.ok(redacted.includes('host=h') && redacted.includes('port: 1'), redacted);
});

test('a location without a password stays as it is', () => {
  for (const location of ['postgres://user@host:5432/db', 'sqlite:shop.db', 'postgres:', './shop.dbimg']) {
    assert.equal(redactLocation(location), location);
  }
});

test('other text stays as it is', () => {
  const text = 'At 12:30 table public.a: 5 of 7 rows (99 %) at me@example.org, see https://example.org/a:b';
  assert.equal(redactText(text), text);
});

test('locations are looked for in arguments and the environment', () => {
  const location = `postgres://u:${SECRET}@h`;
  assert.deepEqual(knownLocations(['dump', location], { DBIMG_SOURCE: location, HOME: '/' }), [
    location,
    location,
  ]);
});
