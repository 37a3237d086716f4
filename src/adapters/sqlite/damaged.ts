/** What of a table cannot be read: found by reading it once, before any of it is written. */
import type { Omission, Part, RecordSink } from '../../core/adapter.ts';
import { Amender } from './amend.ts';
import type { DataTable } from './inventory.ts';
import type { PageDamage } from './pages/damage.ts';
import type { PageSource } from './pages/source.ts';
import type { RowScope } from './parts.ts';
import { runsOf } from './reader.ts';
import { RowFeed } from './rows.ts';
import { SCHEMA } from './types.ts';

/** How many pages of a table are named one by one. */
const NAMED = 100;

/** One omission a page, in the order in which they are met. */
export async function findDamage(
  source: PageSource,
  table: DataTable,
  parts: readonly Part[],
  signal: AbortSignal,
): Promise<Omission[]> {
  const found = new Map<number, string>();
  const onDamage = (damage: PageDamage): void => {
    if (!found.has(damage.page)) found.set(damage.page, damage.message);
  };
  for (const part of parts) {
    const scope = part.scope as unknown as RowScope;
    const { kind, division } = scope;
    const range = {
      ...(division.from === undefined ? {} : { from: BigInt(division.from) }),
      ...(division.to === undefined ? {} : { to: BigInt(division.to) }),
    };
    const options = { kind, ...range, onDamage, amender: new Amender(scope), signal };
    await new RowFeed(source, nowhere(), options).run(runsOf(source, scope, { kind, range, onDamage }));
  }
  const object = [SCHEMA, table.name];
  const omissions = [...found.values()]
    .slice(0, NAMED)
    .map((reason) => ({ kind: 'damaged', object, reason }));
  const more = found.size - omissions.length;
  return more > 0 ? [...omissions, { kind: 'damaged', object, reason: `and ${more} more pages` }] : omissions;
}

function nowhere(): RecordSink {
  const buffer = new Uint8Array(256 * 1024);
  return {
    framed: () => ({ buffer, feed: (start, end) => end - start, pending: new Uint8Array() }),
    append: () => {},
    pressure: () => undefined,
  };
}
