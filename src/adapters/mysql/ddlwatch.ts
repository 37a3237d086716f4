/** Notices tables that were made, altered, renamed or dropped while a snapshot was read. */
import type { ObjectName } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { isTable, type Listed, listTables, qualified } from './inventory.ts';
import { displayName } from './quoting.ts';
import type { Session } from './session.ts';

export class DdlWatch {
  readonly #session: Session;
  readonly #databases: readonly string[];
  readonly #selects: (object: ObjectName) => boolean;
  readonly #before: ReadonlyMap<string, string>;
  /** Of tables that were altered so shortly before that another change may show the same second. */
  #definitions: ReadonlyMap<string, string> = new Map();

  constructor(
    session: Session,
    databases: readonly string[],
    selects: (object: ObjectName) => boolean,
    listed: readonly Listed[],
  ) {
    this.#session = session;
    this.#databases = databases;
    this.#selects = selects;
    this.#before = fingerprints(listed);
  }

  /** Remembers. To be called while no definition can change, or as soon as possible. */
  async begin(): Promise<void> {
    const fresh = (await this.#list()).filter((listed) => listed.fresh && isTable(listed));
    this.#definitions = await this.#define(fresh);
  }

  /** @throws DbimgError `SOURCE_CHANGED` naming the first table that is not what it was. */
  async check(): Promise<void> {
    const now = await this.#list();
    differences(this.#before, fingerprints(now));
    const watched = now.filter(({ object }) => this.#definitions.has(JSON.stringify(object)));
    differences(this.#definitions, await this.#define(watched));
  }

  async #list(): Promise<Listed[]> {
    const listed: Listed[] = [];
    for (const database of this.#databases) {
      listed.push(
        ...(await listTables(this.#session, database)).filter(({ object }) => this.#selects(object)),
      );
    }
    return listed;
  }

  async #define(listed: readonly Listed[]): Promise<Map<string, string>> {
    const definitions = new Map<string, string>();
    for (const { object } of listed) {
      const row = await this.#session.row(`SHOW CREATE TABLE ${qualified((name) => name, object)}`, {
        what: `${displayName(object)} could not be read`,
        object,
      });
      definitions.set(JSON.stringify(object), (row['Create Table'] ?? '').replace(/ AUTO_INCREMENT=\d+/, ''));
    }
    return definitions;
  }
}

function fingerprints(listed: readonly Listed[]): Map<string, string> {
  return new Map(
    listed.map(({ object, type, engine, created }) => [
      JSON.stringify(object),
      `${type} ${engine} ${isTable({ type } as Listed) ? created : ''}`,
    ]),
  );
}

function differences(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): void {
  for (const [key, was] of before) {
    const is = now.get(key);
    if (is !== was)
      throw changed(key, is === undefined ? 'was dropped or renamed' : 'was altered or made anew');
  }
  for (const key of now.keys()) if (!before.has(key)) throw changed(key, 'appeared');
}

function changed(key: string, how: string): DbimgError {
  const object = JSON.parse(key) as string[];
  return new DbimgError('SOURCE_CHANGED', `${displayName(object)} ${how} during the dump.`, {
    object,
    hint: 'Try again when no schema changes are under way.',
  });
}
