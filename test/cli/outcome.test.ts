import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultImage } from '../../src/cli/locations.ts';
import { exitOf, formatOutcome } from '../../src/cli/outcome.ts';
import { exitOfFindings, formatPlan } from '../../src/cli/render/findings.ts';

const omission = (kind: string, name: string) => ({
  kind,
  object: ['db', 'public', name],
  reason: 'not carried yet',
});

test('what was omitted makes exit code 3 until each kind is accepted', () => {
  const outcome = { omissions: [omission('publication', 'p'), omission('subscription', 's')], warnings: [] };
  assert.equal(exitOf(outcome, []), 3);
  assert.equal(exitOf(outcome, ['publication']), 3);
  assert.equal(exitOf(outcome, ['publication', 'subscription']), 0);
  const lines = formatOutcome(outcome, ['publication']).join('\n');
  assert.match(lines, /not in the image: publication public\.p: not carried yet/u);
  assert.match(lines, /Done with 1 omission \(exit code 3\)\.\n {2}hint: accept with --allow subscription$/u);
});

test('accepted omissions are still named', () => {
  const outcome = { omissions: [omission('publication', 'p')], warnings: [] };
  assert.deepEqual(formatOutcome(outcome, ['publication']), [
    'not in the image: publication public.p: not carried yet',
  ]);
});

test('many omissions of a kind are counted, not listed', () => {
  const outcome = { omissions: Array.from({ length: 1000 }, (_, i) => omission('x', `n${i}`)), warnings: [] };
  const lines = formatOutcome(outcome, []);
  assert.equal(lines.length, 13);
  assert.equal(lines[10], 'not in the image: 990 more objects of kind x');
});

test('a lock that was tried again is no reason for exit code 3, weaker consistency is', () => {
  const warned = (code: string) => ({ omissions: [], warnings: [{ code, message: 'm' }] });
  assert.equal(exitOf(warned('lock-retry'), []), 0);
  assert.equal(exitOf(warned('weaker-consistency'), []), 3);
  assert.equal(exitOf(warned('weaker-consistency'), ['weaker-consistency']), 0);
});

test('findings: the exit code is that of the error an obstacle would become', () => {
  assert.equal(
    exitOfFindings([
      { level: 'ok', what: 'w' },
      { level: 'note', what: 'w' },
    ]),
    0,
  );
  assert.equal(exitOfFindings([{ level: 'warning', what: 'w' }]), 3);
  assert.equal(exitOfFindings([{ level: 'obstacle', what: 'w' }]), 6);
  assert.equal(
    exitOfFindings([
      { level: 'warning', what: 'w' },
      { level: 'obstacle', what: 'w', code: 'TARGET_NOT_EMPTY' },
    ]),
    8,
  );
});

test('a plan lists its steps and what is in the way', () => {
  const lines = formatPlan({
    steps: ['create database shop', 'load 3 tables'],
    obstacles: [{ level: 'obstacle', what: 'shop exists', hint: 'add --replace' }],
  });
  assert.deepEqual(lines.slice(0, 3), ['  1. create database shop', '  2. load 3 tables', 'In the way:']);
  assert.deepEqual(lines.slice(4), ['    add --replace', 'Nothing was changed.']);
});

test('the default name of an image is the database and the local time, and always a plain file name', () => {
  const now = new Date(2026, 10, 3, 4, 5, 6);
  assert.equal(defaultImage('postgres://u:p@h/shop', now), 'shop-20261103-040506.dbimg');
  assert.equal(defaultImage('postgres://h/..%2Fetc%2Fpass wd', now), '__etc_pass_wd-20261103-040506.dbimg');
  assert.equal(defaultImage('postgres://someone@h', now), 'someone-20261103-040506.dbimg');
  assert.equal(defaultImage('./data/shop.sqlite', now), 'shop-20261103-040506.dbimg');
});
