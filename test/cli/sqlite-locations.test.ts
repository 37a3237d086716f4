/** Every way in which a SQLite file is named on the command line, and what is said of what only looks like one. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { defaultImage } from '../../src/cli/locations.ts';
import { doctor, dump, restore, verify } from '../../src/index.ts';
import { compareDatabases } from '../oracle/sqlite.ts';
import { makeDatabase } from '../sqlite-fixtures/round-trip.ts';
import { type Run, runCli } from './program.ts';

const folder = mkdtempSync(join(tmpdir(), 'dbimg-locations-'));
after(() => rmSync(folder, { recursive: true }));
let made = 0;

const ROWS = "CREATE TABLE t (a, b); INSERT INTO t VALUES (1, NULL), (2.5, x'00')";
const image = join(folder, 'shop.dbimg');
makeDatabase(join(folder, 'app.db'), ROWS);

/** A folder of its own, in which the program runs. */
function place(): string {
  const own = join(folder, String(++made));
  mkdirSync(own);
  return own;
}

async function works(run: Promise<Run>): Promise<Run> {
  const done = await run;
  assert.equal(done.code, 0, done.stderr);
  return done;
}

test('the image of the others', async () => {
  await works(runCli(['dump', join(folder, 'app.db'), '-o', image]));
});

/** What is written on the command line, and the file that it means. */
const LOCATIONS: [string, (cwd: string) => readonly [string, string]][] = [
  ['with an ending', () => ['copy.db', 'copy.db']],
  ['with another ending', () => ['copy.sqlite3', 'copy.sqlite3']],
  ['.sqlite', () => ['./copy.sqlite', 'copy.sqlite']],
  ['with an ending that says nothing', () => ['app.db.copy', 'app.db.copy']],
  ['without an ending', () => ['copy', 'copy']],
  ['relative', () => ['../copy-beside', '../copy-beside']],
  ['absolute', (cwd) => [join(cwd, 'copy'), 'copy']],
  ['with spaces', () => ['./my copy of it', 'my copy of it']],
  ['with percent signs', () => ['100%25 %zz', '100%25 %zz']],
  ['with a colon, after its folder', () => ['./shop:2026', 'shop:2026']],
  ['sqlite:, relative', () => ['sqlite:copy', 'copy']],
  ['sqlite:, with percent signs', () => ['sqlite:./50%20off', '50%20off']],
  ['sqlite:, with //', (cwd) => [`sqlite://${cwd}/my%20copy`, 'my copy']],
  ['file:, relative', () => ['file:my%20copy.db', 'my copy.db']],
  ['file:, as Node writes it', (cwd) => [pathToFileURL(join(cwd, 'what? 100%')).href, 'what? 100%']],
  ['FILE:, with a host', (cwd) => [`FILE://localhost${cwd}/copy`, 'copy']],
];

for (const [what, written] of LOCATIONS) {
  test(`restored, compared and dumped again: ${what}`, async () => {
    const cwd = place();
    process.chdir(cwd);
    const [target, file] = written(cwd);
    await restore({ image, target });
    assert.deepEqual(compareDatabases(join(folder, 'app.db'), join(cwd, file)), []);
    assert.deepEqual((await verify({ image, against: target })).against?.differing, []);
    await dump({ source: target, image: 'again.dbimg' });
    const { findings } = await doctor({ location: target });
    assert.deepEqual(
      findings.map(({ level }) => level),
      ['note', 'ok', 'ok'],
    );
    rmSync(join(cwd, file));
    assert.deepEqual(readdirSync(cwd), ['again.dbimg']);
  });
}

test('a file that begins like SQLite is SQLite, whatever its name', async () => {
  const cwd = place();
  for (const name of ['shop:2026', 'README.md']) {
    makeDatabase(join(cwd, name), ROWS);
    await works(runCli(['dump', name, '-o', `${name}.dbimg`], { cwd }));
  }
});

test('the image of a dump without -o is called after the file', () => {
  for (const [name, called] of [
    ['app.db.copy', /^app\.db-\d{8}-\d{6}\.dbimg$/],
    ['50%zz off.db', /^50_zz_off-\d{8}-\d{6}\.dbimg$/],
    ['plain', /^plain-\d{8}-\d{6}\.dbimg$/],
  ] as const) {
    for (const location of [name, `sqlite:./${name}`, pathToFileURL(name).href]) {
      assert.match(defaultImage(location, new Date()), called);
    }
  }
});

test('a scheme with a typing error stays one, also before the name of a file', async () => {
  const cwd = place();
  for (const [location, said] of [
    ['postgre://u:hunter2@host/shop', /begin with postgre: .*\n.*Perhaps postgres: was meant/],
    ['mongo://host/app.db', /begin with mongo: .*\n.*Perhaps mongodb: was meant/],
    ['sqlite3:app.db', /begin with sqlite3: .*\n.*Perhaps sqlite: was meant/],
    ['https://host/app.db', /begin with https: .*\n(?!.*Perhaps)/],
  ] as const) {
    const { code, stderr } = await runCli(['restore', image, location], { cwd });
    assert.equal(code, 6, stderr);
    assert.match(stderr, said);
    assert.doesNotMatch(stderr, /hunter2/);
  }
  assert.deepEqual(readdirSync(cwd), []);
});

test('what is neither is said, and nothing is made', async () => {
  const cwd = place();
  writeFileSync(join(cwd, 'notes.txt'), 'no database\n');
  for (const [args, exit, said] of [
    [['dump', 'notes.txt', '-o', 'x.dbimg'], 6, /neither a database URL nor a database file/],
    [['dump', 'nowhere', '-o', 'x.dbimg'], 6, /neither a database URL nor a database file/],
    [['dump', 'nowhere.db', '-o', 'x.dbimg'], 5, /nowhere\.db/],
    [['restore', image, 'notes.txt'], 6, /notes\.txt/],
    [['restore', image, 'notes.txt', '--replace'], 6, /notes\.txt/],
    [['restore', image, 'file:copy?mode=ro'], 2, /parameters/],
    [['restore', image, 'no/such/folder/copy'], 5, /no\/such\/folder/],
  ] as const) {
    const { code, stderr } = await runCli(args, { cwd });
    assert.match(stderr, said, args.join(' '));
    assert.equal(code, exit, `${args.join(' ')}: ${stderr}`);
  }
  assert.deepEqual(readdirSync(cwd), ['notes.txt']);
  assert.equal(existsSync(join(cwd, 'copy')), false);
});
