/** Whether a database can be dumped, and what dumping it means for others. */
import { existsSync } from 'node:fs';
import type { Context, Finding } from '../../core/adapter.ts';
import { asDbimgError } from '../../core/errors.ts';
import { takeInventory } from './inventory.ts';
import { nameOf } from './location.ts';
import { type Content, Pin } from './pin.ts';

/** Free pages worth a word: a part of the file, and at least so many bytes. */
const MANY_FREE = 0.25;
const FREE_BYTES = 1024 * 1024;

/** Most serious first. Holds the state for a moment, as a dump would. */
export async function* examine(path: string, context: Context): AsyncGenerator<Finding> {
  const name = nameOf(path);
  if (!existsSync(path)) {
    const what = `There is no file ${name}: it can be restored to, not dumped.`;
    yield { level: 'obstacle', what, hint: 'Check the path.', code: 'DATABASE_UNKNOWN' };
    return;
  }
  const findings: Finding[] = [];
  try {
    const pin = await Pin.take(path, context);
    try {
      findings.push(...(await Array.fromAsync(findingsOf(pin, name, context.signal))));
    } finally {
      pin.release();
    }
  } catch (error) {
    findings.push(obstacle(error));
  }
  const rank = ['obstacle', 'warning', 'note', 'ok'];
  yield* findings.sort((a, b) => rank.indexOf(a.level) - rank.indexOf(b.level));
}

async function* findingsOf(pin: Pin, name: string, signal: AbortSignal): AsyncGenerator<Finding> {
  const { content, hold } = pin;
  if (!content) {
    yield { level: 'ok', what: `${name} is an empty database, without a page.` };
    return;
  }
  yield { level: 'ok', what: `${name} can be read: ${sizeOf(content)}, SQLite ${process.versions.sqlite}.` };
  yield HOLDS[hold];
  const { header, layout } = content;
  if (header.freePages / layout.pages >= MANY_FREE && header.freePages * layout.pageSize >= FREE_BYTES) {
    const percent = Math.round((header.freePages / layout.pages) * 100);
    const hint = 'A logical image leaves them out; a physical one holds them.';
    yield { level: 'note', what: `${percent} % of its pages are free.`, hint };
  }
  try {
    const { tables, omissions } = await takeInventory(content, false, signal);
    yield { level: 'ok', what: `Tables with rows: ${tables.length}.` };
    for (const { kind, object, reason } of omissions) {
      yield { level: 'warning', what: `The ${kind} ${object.at(-1)} would be left out: ${reason}.` };
    }
  } catch (error) {
    yield obstacle(error);
  }
}

const HOLDS: Readonly<Record<Pin['hold'], Finding>> = {
  wal: { level: 'ok', what: 'It has a write-ahead log: others can write while it is dumped.' },
  rollback: {
    level: 'note',
    what: 'It has a rollback journal: writers wait while it is dumped.',
    hint: 'With PRAGMA journal_mode = WAL they would not.',
  },
  still: {
    level: 'warning',
    what: 'No lock can be held, because its directory cannot be written: a dump fails if somebody writes meanwhile.',
  },
};

function sizeOf({ layout }: Content): string {
  return `${layout.pages} pages of ${layout.pageSize} bytes`;
}

function obstacle(error: unknown): Finding {
  const { message, hint, code } = asDbimgError(error);
  return { level: 'obstacle', what: message, code, ...(hint === undefined ? {} : { hint }) };
}
