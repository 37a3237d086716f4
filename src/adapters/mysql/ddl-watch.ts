/** Notices what was made, altered, renamed or dropped while a snapshot was read. */
import type { ObjectName } from '../../core/adapter.ts';
import { accountFingerprints } from './account-watch.ts';
import { differences, type Fingerprints, keyOf } from './fingerprints.ts';
import { isTable, type Listed, listTables, qualified } from './inventory.ts';
import { programFingerprints } from './program-watch.ts';
import { displayName } from './quoting.ts';
import type { Session } from './session.ts';

export interface Watched {
  readonly databases: readonly string[];
  /** The location names one database: accounts count as far as they have to do with it. */
  readonly single: boolean;
  selects(object: ObjectName): boolean;
}

export class DdlWatch {
  readonly #session: Session;
  readonly #watched: Watched;
  readonly #before: Fingerprints;
  readonly #others: Fingerprints;
  /** Of tables that were altered so shortly before that another change may show the same second. */
  #definitions: Fingerprints = new Map();

  private constructor(session: Session, watched: Watched, before: Fingerprints, others: Fingerprints) {
    this.#session = session;
    this.#watched = watched;
    this.#before = before;
    this.#others = others;
  }

  /** Remembers what there is. To be called before the moment of the snapshot; `listed` is of the same time. */
  static async open(session: Session, watched: Watched, listed: readonly Listed[]): Promise<DdlWatch> {
    return new DdlWatch(
      session,
      watched,
      tableFingerprints(listed),
      await otherFingerprints(session, watched),
    );
  }

  /** Remembers more of the youngest tables. To be called while no definition can change, or as soon as possible. */
  async begin(): Promise<void> {
    const fresh = (await this.#list()).filter((listed) => listed.fresh && isTable(listed));
    this.#definitions = await this.#define(fresh);
  }

  /** @throws DbimgError `SOURCE_CHANGED` naming the first object that is not what it was. */
  async check(): Promise<void> {
    const now = await this.#list();
    differences(this.#before, tableFingerprints(now));
    const watched = now.filter(({ object }) => this.#definitions.has(keyOf('', object)));
    differences(this.#definitions, await this.#define(watched));
    differences(this.#others, await otherFingerprints(this.#session, this.#watched));
  }

  async #list(): Promise<Listed[]> {
    const { databases, selects } = this.#watched;
    const listed: Listed[] = [];
    for (const database of databases) {
      listed.push(...(await listTables(this.#session, database)).filter(({ object }) => selects(object)));
    }
    return listed;
  }

  async #define(listed: readonly Listed[]): Promise<Fingerprints> {
    const definitions = new Map<string, string>();
    for (const { object } of listed) {
      const row = await this.#session.row(`SHOW CREATE TABLE ${qualified((name) => name, object)}`, {
        what: `${displayName(object)} could not be read`,
        object,
      });
      definitions.set(keyOf('', object), (row['Create Table'] ?? '').replace(/ AUTO_INCREMENT=\d+/, ''));
    }
    return definitions;
  }
}

function tableFingerprints(listed: readonly Listed[]): Fingerprints {
  return new Map(
    listed.map(({ object, type, engine, created }) => [
      keyOf('', object),
      `${type} ${engine} ${isTable({ type } as Listed) ? created : ''}`,
    ]),
  );
}

async function otherFingerprints(session: Session, watched: Watched): Promise<Fingerprints> {
  const { fingerprints, definers } = await programFingerprints(session, watched);
  return new Map([...fingerprints, ...(await accountFingerprints(session, watched, definers))]);
}
