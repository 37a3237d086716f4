/** One state of a database, read by lanes through its pages. */
import { setImmediate as turn } from 'node:timers/promises';
import type {
  CatalogEntry,
  Context,
  Finish,
  ImageKind,
  Invitation,
  ObjectName,
  Omission,
  Packing,
  Part,
  Position,
  Snapshot,
  SnapshotOptions,
  StreamOpen,
} from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { catalogOf } from './catalog.ts';
import { findDamage } from './damaged.ts';
import { FallbackReader } from './fallbacks.ts';
import { type DataTable, EMPTY, type Inventory, takeInventory } from './inventory.ts';
import { packingOf, type Tree } from './packing.ts';
import { PageDamage } from './pages/damage.ts';
import { PageSource } from './pages/source.ts';
import { fileParts, tableParts } from './parts.ts';
import { Pin } from './pin.ts';
import type { SnapshotInvitation } from './reader.ts';
import { FILE, SCHEMA } from './types.ts';

export class SqliteSnapshot implements Snapshot {
  readonly kind: ImageKind;
  readonly position: Position;
  readonly invitation: Invitation;
  readonly #pin: Pin;
  readonly #inventory: Inventory;
  readonly #source: PageSource | undefined;
  readonly #fallbacks: FallbackReader | undefined;
  readonly #options: SnapshotOptions;
  readonly #context: Context;
  readonly #omissions: Omission[];

  private constructor(pin: Pin, inventory: Inventory, options: SnapshotOptions, context: Context) {
    this.kind = options.kind;
    this.#pin = pin;
    this.#inventory = inventory;
    this.#options = options;
    this.#context = context;
    this.#omissions = inventory.omissions.filter(({ kind, object }) => {
      if (kind === 'damaged') return true;
      const of = inventory.rows.find((row) => row.name === object.at(-1))?.table;
      return of === undefined || this.#wants([SCHEMA, of]);
    });
    this.#source = pin.content && new PageSource(pin.content.layout);
    this.#fallbacks = pin.content && new FallbackReader(pin.content.header.encoding);
    this.position = { type: 'sqlite', value: pin.position, time: new Date().toISOString(), exact: true };
    const invitation: SnapshotInvitation = {
      ...(pin.content ? { layout: pin.content.layout } : {}),
      salvage: options.salvage ?? false,
    };
    this.invitation = invitation;
  }

  /** Holds what is committed now. In rollback mode that keeps writers waiting until the snapshot is disposed. */
  static async take(path: string, options: SnapshotOptions, context: Context): Promise<SqliteSnapshot> {
    const pin = await Pin.take(path, context);
    try {
      const logical = options.kind === 'logical' ? pin.content : undefined;
      const { signal } = context;
      const inventory = logical ? await takeInventory(logical, options.salvage ?? false, signal) : EMPTY;
      return new SqliteSnapshot(pin, inventory, options, context);
    } catch (error) {
      pin.release();
      throw error;
    }
  }

  async *catalog(): AsyncGenerator<CatalogEntry> {
    if (this.kind !== 'logical') return;
    yield* catalogOf(this.#inventory, this.#pin.content, (object) => this.#wants(object));
    if (this.#options.salvage && this.#source) {
      for (const table of this.#tables()) this.#omissions.push(...(await this.#damageOf(table)));
    }
  }

  omissions(): readonly Omission[] {
    return this.#omissions;
  }

  /** Largest tables first. */
  async *parts(): AsyncGenerator<Part> {
    if (this.kind === 'physical') {
      if (this.#pin.content) yield* fileParts(this.#pin.content);
      return;
    }
    const tables = [];
    for (const table of this.#tables()) {
      tables.push(this.#partsOf(table));
      await turn();
    }
    const size = (parts: readonly Part[]): number =>
      parts.reduce((sum, part) => sum + part.estimate.bytes, 0);
    yield* tables.sort((a, b) => size(b) - size(a)).flat();
  }

  async *partsOf(open: StreamOpen): AsyncGenerator<Part> {
    const { content } = this.#pin;
    if (!content) return;
    if (open.encoding === FILE) {
      yield* fileParts(content);
      return;
    }
    // Names are equal as SQLite compares them.
    const name = open.object.at(-1)?.toLowerCase();
    const { signal } = this.#context;
    const logical = this.kind === 'logical';
    const { tables } = logical ? this.#inventory : await takeInventory(content, false, signal);
    const table = tables.find((candidate) => candidate.name.toLowerCase() === name);
    if (table) yield* this.#partsOf(table);
  }

  async finish(): Promise<Finish> {
    const packing = this.#options.order === 'key' ? await this.#packing() : undefined;
    this.#pin.assertUnchanged();
    return { position: this.position, ...(packing ? { packing } : {}) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#fallbacks?.[Symbol.dispose]();
    this.#pin.release();
  }

  /** Indexes are looked at for it alone: damage there hinders no dump. */
  async #packing(): Promise<Packing | undefined> {
    const { content } = this.#pin;
    if (!content) return undefined;
    const { layout, header } = content;
    const all = this.#options.selects === undefined;
    try {
      return await packingOf(new PageSource(layout), {
        trees: this.#trees(),
        file: all ? layout.pages * layout.pageSize : undefined,
        mapped: header.autoVacuum !== 'none',
        signal: this.#context.signal,
      });
    } catch (error) {
      if (!(error instanceof PageDamage)) throw error;
      const message = `What packing saves cannot be said: ${error.message}.`;
      this.#context.warn({ code: 'source-damaged', message });
      return undefined;
    }
  }

  /** Of the schema itself, the chosen tables, and their indexes. */
  #trees(): Tree[] {
    const tables = new Map(this.#tables().map((table) => [table.name.toLowerCase(), table]));
    const trees: Tree[] = [{ root: 1, kind: 'table' }];
    for (const { root, shape } of tables.values()) {
      trees.push({ root, kind: shape.withoutRowid ? 'index' : 'table' });
    }
    for (const { type, table, root } of this.#inventory.rows) {
      if (type === 'index' && root > 0 && tables.has(table.toLowerCase()))
        trees.push({ root, kind: 'index' });
    }
    return trees;
  }

  #tables(): DataTable[] {
    return this.#inventory.tables.filter(({ name, owner }) => this.#wants([SCHEMA, owner ?? name]));
  }

  #wants(object: ObjectName): boolean {
    return this.#options.selects?.(object) ?? true;
  }

  #partsOf(table: DataTable): Part[] {
    const { content } = this.#pin;
    if (!content || !this.#source || !this.#fallbacks)
      throw new DbimgError('BUG', 'A database without pages has a table.');
    const whole = this.#options.order === 'key';
    return tableParts(table, content, this.#source, { fallbacks: this.#fallbacks.read(table.shape), whole });
  }

  async #damageOf(table: DataTable): Promise<Omission[]> {
    const { content } = this.#pin;
    if (!content) return [];
    return await findDamage(
      new PageSource(content.layout),
      table,
      this.#partsOf(table),
      this.#context.signal,
    );
  }
}
