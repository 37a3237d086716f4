/**
 * A process that moves money between accounts as fast as it can, with checkpoints in between: `busy-writer.ts PATH MODE`.
 * Ends when its standard input does, and then says how many transactions it made.
 */
import { DatabaseSync } from 'node:sqlite';
import { Random } from '../random.ts';

const [path = '', seed = '1'] = process.argv.slice(2);
const random = new Random(Number(seed));
const database = new DatabaseSync(path, { timeout: 30_000 });
database.exec('PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 50');
const give = database.prepare('UPDATE accounts SET balance = balance + ? WHERE id = ?');
const note = database.prepare('INSERT INTO notes (body) VALUES (?)');
const forget = database.prepare('DELETE FROM notes WHERE id = (SELECT min(id) FROM notes)');
const { accounts } = database.prepare('SELECT count(*) AS accounts FROM accounts').get() as {
  accounts: number;
};

let ended = false;
process.stdin.on('end', () => {
  ended = true;
});
process.stdin.resume();
process.stdout.write('ready\n');

let transactions = 0;
while (!ended) {
  for (let nth = 0; nth < 50; nth += 1) {
    database.exec('BEGIN IMMEDIATE');
    const amount = random.integer(1, 100);
    give.run(-amount, random.integer(1, accounts));
    give.run(amount, random.integer(1, accounts));
    // Long rows: pages come, go and change their kind all the time.
    note.run('x'.repeat(random.integer(0, 9000)));
    if (random.chance(0.9)) forget.run();
    database.exec('COMMIT');
    transactions += 1;
    if (random.chance(0.01)) checkpoint();
  }
  await new Promise((resolve) => setImmediate(resolve));
}
database.close();
process.stdout.write(`${transactions}\n`);

/** Busy is no failure: somebody reads. */
function checkpoint(): void {
  database.exec(`PRAGMA wal_checkpoint(${random.pick(['PASSIVE', 'TRUNCATE', 'RESTART'])})`);
}
