/** Accounts whose sum never changes, and a process that moves money between them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import type { Value } from '../../src/core/value.ts';

const ACCOUNTS = 20_000;
const START = 1000;
const PROGRAM = fileURLToPath(new URL('busy-writer.ts', import.meta.url));

export const SUM: bigint = BigInt(ACCOUNTS * START);

export function makeAccounts(path: string, journal: string): void {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA page_size = 1024; PRAGMA journal_mode = ${journal}; PRAGMA synchronous = OFF;
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL, filler TEXT);
    CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ACCOUNTS})
      INSERT INTO accounts SELECT i, ${START}, hex(zeroblob(20)) FROM n;`);
  database.close();
}

export interface Writer {
  /** Ends it and gives the number of its transactions. */
  stop(): Promise<number>;
}

export async function startWriter(path: string, seed: number): Promise<Writer> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', PROGRAM, path, String(seed)],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const closed = once(child, 'close');
  let output = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (text: string) => {
    output += text;
  });
  await once(child.stdout, 'data');
  return {
    async stop() {
      child.stdin.end();
      await closed;
      return Number(output.trim().split('\n').at(-1));
    },
  };
}

/** The sum over accounts as they were read, and how many there are. */
export function sumOf(rows: readonly (readonly Value[])[]): { accounts: number; sum: bigint } {
  let sum = 0n;
  for (const [, balance] of rows) if (balance?.type === 'integer') sum += balance.value;
  return { accounts: rows.length, sum };
}

export const EXPECTED: ReturnType<typeof sumOf> = { accounts: ACCOUNTS, sum: SUM };
