/** A restore to SQLite: a file beside, filled page by page, that takes the place of the target in one moment. */
import { closeSync, fstatSync, ftruncateSync, openSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import type {
  CatalogEntry,
  Check,
  Context,
  Finding,
  ImageSummary,
  Invitation,
  Plan,
  Snapshot,
  Target,
  TargetOptions,
} from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import type { DatabaseBody } from './catalog.ts';
import { sqliteError } from './errors.ts';
import { nameOf } from './location.ts';
import type { TextEncoding } from './pages/header.ts';
import { SqliteSnapshot } from './snapshot.ts';
import { checkPages } from './staging-check.ts';
import { PRIVATE, StagingFiles, writeJournalMode, writePageCount } from './staging-files.ts';
import { KeyTreeBuilder } from './staging-key-tree.ts';
import { Ledger, type StagedTable } from './staging-ledger.ts';
import { emptyDatabase, pageAt, placeBehind } from './staging-pages.ts';
import { assertUnused, obstacleAt, publishFile, resolvedTarget } from './staging-publication.ts';
import { RowLoader } from './staging-rows.ts';
import { StagingSchema } from './staging-schema.ts';
import { inOrder } from './staging-sorter.ts';
import { TreeBuilder } from './staging-tree.ts';
import { writeAll } from './staging-writer.ts';
import type { TargetInvitation } from './writer.ts';

export class SqliteTarget implements Target {
  readonly #path: string;
  readonly #files: StagingFiles;
  readonly #options: TargetOptions;
  readonly #context: Context;
  #ledger: Ledger | undefined;
  #image: ImageSummary | undefined;
  /** Undefined for a database without a page, and for a physical image. */
  #body: DatabaseBody | undefined;

  constructor(path: string, options: TargetOptions, context: Context) {
    this.#path = resolvedTarget(path);
    this.#files = new StagingFiles(this.#path);
    this.#options = options;
    this.#context = context;
  }

  get invitation(): Invitation {
    const { part, ledger } = this.#files;
    return { part, ledger } satisfies TargetInvitation;
  }

  async plan(image: ImageSummary): Promise<Plan> {
    const name = nameOf(this.#path);
    const steps = [
      image.kind === 'physical' ? `write the pages beside ${name}` : `build a new database beside ${name}`,
      'check its pages',
      this.#options.replace ? `put it in the place of ${name}` : `name it ${name}`,
    ];
    const obstacle = await obstacleAt(this.#path, this.#options, this.#context);
    if (!obstacle) return { steps, obstacles: [] };
    const { message, hint, code } = obstacle;
    const finding: Finding = {
      level: 'obstacle',
      what: message,
      code,
      ...(hint === undefined ? {} : { hint }),
    };
    return { steps, obstacles: [finding] };
  }

  async prepare(image: ImageSummary): Promise<void> {
    this.#context.signal.throwIfAborted();
    const obstacle = await obstacleAt(this.#path, this.#options, this.#context);
    if (obstacle) throw obstacle;
    try {
      await assertUnused(this.#path, this.#context);
      this.#image = image;
      closeSync(openSync(this.#files.part, 'wx', PRIVATE));
      closeSync(openSync(this.#files.ledger, 'wx', PRIVATE));
    } catch (error) {
      throw sqliteError(error, `Nothing can be made beside ${nameOf(this.#path)}`);
    }
  }

  async apply(entries: readonly CatalogEntry[]): Promise<void> {
    this.#context.signal.throwIfAborted();
    const database = entries.find(({ kind }) => kind === 'database');
    if (database) this.#begin(database.body as DatabaseBody);
    const tables = entries.filter(({ kind }) => kind !== 'database');
    if (tables.length === 0) return;
    const ledger = this.#started();
    // Closed again at once: lanes write beneath it.
    using schema = new StagingSchema(this.#files.part);
    for (const [name, table] of schema.createTables(tables)) ledger.addTable(name, table);
    ledger.next = placeBehind(schema.pages, ledger.geometry);
  }

  /** Builds the trees over the leaves that the lanes have written. */
  async loaded(): Promise<void> {
    if (!this.#body) return;
    const ledger = this.#started();
    const tables = ledger.tables();
    await this.#putInOrder(ledger, tables);
    await this.#buildTrees(ledger, tables);
    using schema = new StagingSchema(this.#files.part);
    this.#context.signal.throwIfAborted();
    schema.fillConstraints();
  }

  async check(): Promise<readonly Check[]> {
    this.#context.signal.throwIfAborted();
    return checkPages(this.#files.part, this.#image?.kind === 'physical', this.#context);
  }

  async reread(): Promise<Snapshot> {
    const kind = this.#image?.kind ?? 'logical';
    return await SqliteSnapshot.take(this.#files.part, { kind, lanes: this.#options.lanes }, this.#context);
  }

  async publish(): Promise<void> {
    if (this.#body) writeJournalMode(this.#files.part, this.#body.journal);
    try {
      await publishFile(this.#files.part, this.#path, this.#options, this.#context);
    } catch (error) {
      throw sqliteError(error, `${nameOf(this.#path)} could not be put in its place`);
    }
    await this[Symbol.asyncDispose]();
  }

  async abandon(): Promise<void> {
    await this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#ledger?.[Symbol.dispose]();
      this.#files.remove();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#context.warn({
        code: 'left-behind',
        message: `A file of the restore could not be removed: ${message}`,
      });
    }
  }

  #started(): Ledger {
    if (this.#ledger) return this.#ledger;
    throw new DbimgError('IMAGE_DAMAGED', 'The image does not begin with the database that it is of.');
  }

  #begin(body: DatabaseBody): void {
    const page = emptyDatabase(body);
    const fd = openSync(this.#files.part, 'r+');
    try {
      writeAll(fd, page, 0);
    } finally {
      closeSync(fd);
    }
    this.#body = body;
    const ledger = Ledger.create(this.#files.ledger, body.encoding as TextEncoding);
    this.#ledger = ledger;
    const { pageSize, reserved, autoVacuum } = body;
    ledger.geometry = { pageSize, usable: pageSize - reserved, mapped: autoVacuum !== 'none' };
  }

  /** Leaves of the tables whose rows came in any order. */
  async #putInOrder(ledger: Ledger, tables: readonly StagedTable[]): Promise<void> {
    const fd = openSync(this.#files.part, 'r+');
    try {
      const loader = new RowLoader(fd, ledger);
      for (const { root } of tables.filter(({ unordered }) => unordered)) {
        for await (const rows of inOrder(ledger, root, this.#context.signal)) loader.loadLeaves(root, rows);
      }
    } catch (error) {
      throw sqliteError(error, 'Rows could not be put in the order of their keys');
    } finally {
      closeSync(fd);
    }
  }

  async #buildTrees(ledger: Ledger, tables: readonly StagedTable[]): Promise<void> {
    const { geometry } = ledger;
    const fd = openSync(this.#files.part, 'r+');
    try {
      const rows = new TreeBuilder(fd, ledger);
      const keys = new KeyTreeBuilder(fd, ledger);
      for (const { root, keyed } of tables) {
        if (keyed) keys.build(root);
        else rows.build(root);
        await turn();
        this.#context.signal.throwIfAborted();
      }
      const pages = pageAt(ledger.next - 1, geometry);
      const size = pages * geometry.pageSize;
      if (fstatSync(fd).size < size) ftruncateSync(fd, size);
      writePageCount(fd, pages);
    } finally {
      closeSync(fd);
    }
  }
}
