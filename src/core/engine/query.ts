/** SQL over an image without its server: only what the statement reads is taken out of the image. */
import type { Adapter, Column } from '../adapter.ts';
import type { Keys } from '../codec/keys.ts';
import { DbimgError } from '../errors.ts';
import { ImageFile } from '../image/file.ts';
import type { StreamSummary } from '../image/table.ts';
import { nearNames } from '../near-names.ts';
import type { Registry } from '../registry.ts';
import type { Description, Relation } from '../relation.ts';
import type { Store, StoreReader } from '../store/store.ts';
import type { Value } from '../value.ts';
import { UnknownName, type Workbench, type WorkbenchRead, type WorkbenchTable } from '../workbench.ts';
import { Job, type JobOptions } from './job.ts';
import { streamChunks, streamOpen } from './stream-chunks.ts';
import { decoded } from './transcoder.ts';

export interface QueryJob extends Pick<JobOptions, 'signal' | 'onProgress'> {
  readonly store: Store;
  readonly keys: Keys;
  readonly registry: Registry;
  /** The adapter whose SQL it is. */
  readonly workbench: Adapter;
  readonly sql: string;
  /** Rows of the answer. */
  readonly limit?: number;
  readonly tmp?: string;
}

/** The answer. Rows are computed as they are asked for; dispose it to give back what it keeps. */
export interface QueryAnswer extends AsyncDisposable, AsyncIterable<readonly Value[]> {
  readonly columns: readonly Column[];
}

/** Rows between two looks at the signal. */
const TURN = 1000;

export async function queryImage(job: QueryJob): Promise<QueryAnswer> {
  await using stack = new AsyncDisposableStack();
  if (!job.workbench.workbench) throw new DbimgError('BUG', `${job.workbench.name} answers no statements.`);
  const bench = stack.use(await job.workbench.workbench(job.tmp));
  await load(job, bench);
  const { columns, rows } = bench.run();
  const kept = stack.move();
  return {
    columns,
    [Symbol.asyncIterator]: () => limited(rows, job),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function load(job: QueryJob, bench: Workbench): Promise<void> {
  const run = new Job(job);
  const store = await job.store.open();
  try {
    await run.step('data', () => new Query(job, bench, store, run).load());
  } catch (error) {
    throw run.causeOf(error);
  } finally {
    run.close();
    await store.close();
  }
}

async function* limited(
  rows: Iterable<readonly Value[]>,
  { limit = Number.POSITIVE_INFINITY, signal }: QueryJob,
): AsyncGenerator<readonly Value[]> {
  let count = 0;
  if (limit === 0) return;
  for (const row of rows) {
    if (count % TURN === 0) signal?.throwIfAborted();
    yield row;
    count += 1;
    if (count >= limit) return;
  }
}

class Query {
  readonly #job: QueryJob;
  readonly #bench: Workbench;
  readonly #store: StoreReader;
  readonly #run: Job;

  constructor(job: QueryJob, bench: Workbench, store: StoreReader, run: Job) {
    this.#job = job;
    this.#bench = bench;
    this.#store = store;
    this.#run = run;
  }

  /** Takes out of the image what the statement reads. */
  async load(): Promise<void> {
    const file = await ImageFile.open(this.#store, this.#job.keys);
    const source = await this.#job.registry.named(file.head.adapter);
    const { image, kind, adapter, server, position } = file.head;
    const describer =
      kind === 'logical' ? source.describer?.({ image, kind, adapter, server, position }) : undefined;
    if (!describer) {
      throw new DbimgError('UNSUPPORTED', `A ${kind} image of ${source.name} holds no rows to ask for.`, {
        hint: kind === 'logical' ? 'Try: dbimg cat IMAGE TABLE' : 'Dump the database without --physical.',
      });
    }
    for await (const entry of file.catalog()) describer.take(entry);
    const named = mentions(this.#job.sql);
    for await (const stream of file.streams()) {
      if (named(stream.object.at(-1) as string)) describer.open?.(await streamOpen(file, stream));
    }
    const reads = this.#prepare(describer.describe());
    const readers = new Map<string, WorkbenchRead[]>();
    for (const read of reads) {
      const { object, sources = [object] } = read.table.relation;
      for (const key of sources.map((name) => JSON.stringify(name))) {
        readers.set(key, [...(readers.get(key) ?? []), read]);
      }
    }
    for await (const stream of file.streams()) {
      for (const read of readers.get(JSON.stringify(stream.object)) ?? []) {
        await this.#take(read, source, file, stream);
      }
    }
  }

  #prepare(description: Description): readonly WorkbenchRead[] {
    const { sql } = this.#job;
    const choice = choose(description.relations, sql);
    try {
      const reads = this.#bench.prepare(sql, choice.tables);
      for (const { table } of reads) assertClear(table, choice.others);
      return reads;
    } catch (error) {
      throw explained(error, description);
    }
  }

  async #take(read: WorkbenchRead, source: Adapter, file: ImageFile, stream: StreamSummary): Promise<void> {
    const { relation } = read.table;
    const columns = relation.columns.filter(({ name }) => read.columns.includes(name));
    if (columns.length === 0) {
      this.#bench.fill(read, stream.records);
      return;
    }
    const foreign = { open: await streamOpen(file, stream), relation: { ...relation, columns } };
    for await (const chunk of streamChunks(file, stream)) {
      this.#run.signal.throwIfAborted();
      this.#bench.insert(read, decoded(source, foreign, chunk));
      this.#run.advance({ bytes: chunk.length });
    }
  }
}

/** Whether a name stands anywhere in the statement: SQLite then says whether it is meant. */
function mentions(sql: string): (name: string) => boolean {
  const texts = [sql, sql.replaceAll('""', '"'), sql.replaceAll('``', '`')].map((text) => text.toLowerCase());
  return (name) => texts.some((text) => text.includes(name.toLowerCase()));
}

/** Which tables the statement may mean. `others` have the name of one of them and lie in another schema. */
function choose(
  relations: readonly Relation[],
  sql: string,
): { tables: WorkbenchTable[]; others: ReadonlyMap<WorkbenchTable, Relation[]> } {
  const named = mentions(sql);
  const candidates = relations.filter(({ name, columns }) => columns.length > 0 && named(name));
  // Those that users need not qualify come first, and among names that differ in their case the one that is written.
  candidates.sort(
    (a, b) =>
      Number(a.schema !== undefined) - Number(b.schema !== undefined) ||
      Number(sql.includes(b.name)) - Number(sql.includes(a.name)),
  );
  const taken = new Map<string, WorkbenchTable>();
  const others = new Map<WorkbenchTable, Relation[]>();
  for (const relation of candidates) {
    const schema = relation.object.length > 1 ? relation.object.at(-2) : undefined;
    const known = schema !== undefined && !RESERVED.has(schema.toLowerCase()) && named(schema);
    const key = JSON.stringify([known ? schema?.toLowerCase() : '', relation.name.toLowerCase()]);
    const first = taken.get(key);
    if (first) others.set(first, [...(others.get(first) ?? []), relation]);
    else taken.set(key, { relation, ...(known ? { schema } : {}) });
  }
  return { tables: [...taken.values()], others };
}

/** Schemas that SQLite has itself. */
const RESERVED: ReadonlySet<string> = new Set(['main', 'temp']);

/** A name alone means the table in the usual schema; without one there, it must not mean two. */
function assertClear(table: WorkbenchTable, others: ReadonlyMap<WorkbenchTable, readonly Relation[]>): void {
  const also = others.get(table) ?? [];
  if (also.length === 0 || table.relation.schema === undefined) return;
  const names = [table.relation, ...also].map(({ object }) => object.slice(-2).join('.'));
  throw new DbimgError('USAGE', `${table.relation.name} names ${names.length} tables: ${names.join(', ')}.`, {
    hint: 'Name one of them, with its schema.',
  });
}

/** With the names that could have been meant. */
function explained(error: unknown, { relations, omissions }: Description): unknown {
  if (!(error instanceof DbimgError) || !(error.cause instanceof UnknownName)) return error;
  const { kind, unknown } = error.cause;
  if (kind === 'column') {
    const columns = relations.flatMap((relation) => relation.columns.map(({ name }) => name));
    return withHint(
      error,
      nearNames(unknown.split('.').at(-1) as string, columns),
      'dbimg cat IMAGE TABLE --limit 1',
    );
  }
  const left = omissions.find(
    ({ object }) => object.at(-1)?.toLowerCase() === unknown.split('.').at(-1)?.toLowerCase(),
  );
  if (left) {
    return new DbimgError('UNSUPPORTED', `The image holds no rows of the ${left.kind} ${unknown}.`, {
      object: left.object,
      hint: 'Ask for the tables that it is made of.',
    });
  }
  const tables = relations.flatMap(({ object, name }) => [name, object.slice(-2).join('.')]);
  return withHint(error, nearNames(unknown, tables), 'dbimg inspect IMAGE');
}

function withHint(error: DbimgError, near: readonly string[], command: string): DbimgError {
  const hint = near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `See what there is with: ${command}`;
  return new DbimgError(error.code, error.message, { hint });
}
