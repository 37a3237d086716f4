/** The data of a snapshot, cut into parts that lanes read. */
import type { ObjectName, Omission, Part, Plain, SnapshotOptions, StreamOpen } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { identifier } from './catalog/quoting.ts';
import type { ServerFacts } from './facts.ts';
import { isLargeObjects, LargeObjectLister } from './large-objects.ts';
import { relationOf } from './names.ts';
import { blockRanges, keyRanges, rangeCondition } from './ranges.ts';
import type { Session } from './session.ts';
import { type Table, TableReader } from './tables.ts';

/** What a lane needs: the source of a COPY. */
export interface PartScope {
  /** A table with columns, or a query in parentheses. */
  readonly source: string;
}

/** Tables from this size on are cut by key where they cannot be cut by block, in bytes. */
const LARGE = 128 * 1024 * 1024;

/** Range scans of ctid exist from here on. */
const TID_RANGE_VERSION = 140000;

export class PartLister {
  readonly omissions: Omission[] = [];
  readonly #facts: ServerFacts;
  readonly #options: SnapshotOptions;
  readonly #tables: TableReader;
  readonly #largeObjects: LargeObjectLister;

  constructor(session: Session, facts: ServerFacts, options: SnapshotOptions) {
    this.#facts = facts;
    this.#options = options;
    this.#tables = new TableReader(session, facts);
    this.#largeObjects = new LargeObjectLister(session, facts);
  }

  async *all(): AsyncGenerator<Part> {
    const selects = (object: ObjectName): boolean => this.#options.selects?.(object) ?? true;
    if (selects(this.#largeObjects.object)) yield* this.#largeObjects.parts();
    for await (const table of this.#tables.all(selects)) {
      if (table.unlogged && this.#facts.recovery) {
        const reason = 'a standby does not have the rows of unlogged tables';
        this.omissions.push({ kind: 'unlogged-rows', object: table.object, reason });
        continue;
      }
      yield* this.#cut(table, this.#tables.openOf(table));
    }
  }

  /** @throws DbimgError `MISMATCH` if the table has other columns than `open`. */
  async *of(open: StreamOpen): AsyncGenerator<Part> {
    if (isLargeObjects(open.object)) {
      yield* this.#largeObjects.parts();
      return;
    }
    const table = await this.#tables.named(open.object.at(-2) ?? '', open.object.at(-1) ?? '');
    if (!table) return;
    const current = this.#tables.openOf(table);
    yield* this.#cut(table, { ...matching(open, current), part: 0 });
  }

  async *#cut(table: Table, open: StreamOpen): AsyncGenerator<Part> {
    let part = 0;
    for (const leaf of table.leaves ?? [table]) {
      for (const { condition, share } of await this.#ranges(leaf)) {
        const scope: PartScope = { source: await this.#source(leaf, open, condition) };
        yield {
          open: { ...open, part },
          estimate: { bytes: Math.round(leaf.total * share), records: Math.round(leaf.records * share) },
          scope: { ...scope },
        };
        part += 1;
      }
    }
  }

  async #ranges(table: Table): Promise<{ condition: string | undefined; share: number }[]> {
    const whole = [{ condition: undefined, share: 1 }];
    if (table.condition !== '' || this.#options.order === 'key') return whole;
    if (table.heap && this.#facts.version >= TID_RANGE_VERSION) {
      const blockSize = Number(this.#facts.info.settings.block_size);
      return blockRanges(Math.ceil(table.main / blockSize), table.total).map((range) => ({
        condition: rangeCondition(range, 'ctid', (block) => `'(${block},0)'::pg_catalog.tid`),
        share: range.share,
      }));
    }
    const key = table.total >= LARGE ? await this.#tables.keyRange(table) : undefined;
    if (!key) return whole;
    return keyRanges(key.low, key.high, table.total).map((range) => ({
      condition: rangeCondition(range, identifier(key.column), (bound) => `'${bound}'`),
      share: range.share,
    }));
  }

  async #source(table: Table, open: StreamOpen, condition: string | undefined): Promise<string> {
    const columns = (open.columns ?? []).map(({ name }) => identifier(name)).join(', ');
    const key = this.#options.order === 'key' ? await this.#tables.primaryKey(table) : [];
    const where = condition === undefined ? table.condition : `WHERE ${condition}`;
    const order = key.length > 0 ? `ORDER BY ${key.map(identifier).join(', ')}` : '';
    const name = relationOf(table.object);
    if (where === '' && order === '' && columns !== '') return `${name} (${columns})`;
    return `(SELECT ${columns} FROM ONLY ${name} ${where} ${order})`;
  }
}

/** The stream as the image has it, provided that the table's columns are the same in any order. */
function matching(open: StreamOpen, current: StreamOpen): StreamOpen {
  const here = new Map((current.columns ?? []).map(({ name, type }) => [name, type]));
  const there = open.columns ?? [];
  const differs = there.find(({ name, type }) => here.get(name) !== type);
  if (!differs && here.size === there.length) return { ...open, object: current.object };
  const what = differs
    ? `column ${differs.name} is ${here.get(differs.name) ?? 'missing'}, not ${differs.type}`
    : `there are ${here.size} columns, not ${there.length}`;
  throw new DbimgError(
    'MISMATCH',
    `${open.object.slice(1).join('.')} has other columns than in the image: ${what}.`,
    {
      object: open.object,
    },
  );
}

export function scopeOf(part: Part): PartScope {
  return part.scope as { readonly [key: string]: Plain } as unknown as PartScope;
}
