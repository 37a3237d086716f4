/** Users and roles: gathered beside, and merged into those of the server by the server itself. */
import type { Document } from 'mongodb';
import type { ObjectName } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import type { Principal } from './catalog.ts';
import { type Entry, ownerOf, principalKindOf } from './oplog-entry.ts';
import type { Places } from './place.ts';
import { decodeExactly, fieldOf, type Ordered, textOf } from './raw-bson.ts';
import type { Session } from './session.ts';

/** Roles of `admin` by which their holder can become anybody. */
const ALMIGHTY = new Set(['root', '__system', 'userAdminAnyDatabase', 'userAdmin', 'dbOwner', 'restore']);
const NAMED = 20;
const KINDS = ['user', 'role'] as const;

/** Whether who has it can do everything. */
export function isAlmighty(principal: Buffer): boolean {
  const roles = decodeExactly(principal).get('roles');
  return (
    Array.isArray(roles) &&
    roles.some((role) => role instanceof Map && role.get('db') === 'admin' && ALMIGHTY.has(role.get('role')))
  );
}

export interface PrincipalOptions {
  readonly run: string;
  readonly places: Places;
  readonly trust: boolean;
  /** Those that are there already become as they are in the image. */
  readonly replace: boolean;
  readonly noSecrets: boolean;
  /** Then users and roles of this database that are not in the image go. */
  readonly database: string | undefined;
}

interface Added {
  readonly kind: Principal['kind'];
  readonly document: Ordered;
}

/** An entry of the log that changes a user or a role, as `applyOps` takes it. */
interface Change {
  readonly kind: Principal['kind'];
  readonly operation: Document;
}

const DOING = { what: 'Users and roles could not be restored' };

export class Principals {
  readonly #options: PrincipalOptions;
  /** As they are at the source. */
  #noted: Principal[] = [];
  readonly #changes: Change[] = [];
  /** The one database that the image is of. */
  source: string | undefined;
  #begun = false;

  constructor(options: PrincipalOptions) {
    this.#options = options;
  }

  /** Notes them for the end, and makes sure that they can then be made. */
  async add(session: Session, principals: readonly Principal[]): Promise<void> {
    if (principals.length === 0) return;
    await this.#begin(session);
    if (!this.#options.trust) await this.#assertTrusted(session, principals);
    this.#noted.push(...principals);
  }

  /** Notes what the log changes. */
  change(entry: Entry): void {
    const { op, ns, o, o2 } = entry;
    const kind = principalKindOf(ns);
    if (!kind || !o || (kind === 'user' && this.#options.noSecrets)) return;
    if (this.source !== undefined && ownerOf(entry) !== this.source) return;
    const operation = { op, o: decodeExactly(o.value), ...(o2 ? { o2: decodeExactly(o2.value) } : {}) };
    this.#changes.push({ kind, operation });
  }

  /** Has the server apply the changes of the log to those that the catalog has, beside. */
  async settle(session: Session): Promise<void> {
    if (this.#changes.length === 0) return;
    await this.#begin(session);
    await this.#fill(session, this.#noted.map(asAdded));
    for (const { kind, operation } of this.#changes) {
      const ns = this.#temporary(kind).join('.');
      const command = { applyOps: [{ ...operation, ns }], allowAtomic: false };
      await session.command('admin', command, DOING);
    }
    this.#noted = [];
    for (const kind of KINDS) {
      for await (const bytes of session.documents('admin', { find: this.#temporary(kind)[1] }, DOING)) {
        // Of one that the dump did not read, changes make no whole.
        if (fieldOf(bytes, kind)) this.#noted.push({ kind, document: Buffer.from(bytes) });
      }
    }
    await this.abandon(session);
    if (!this.#options.trust) await this.#assertTrusted(session, this.#noted);
  }

  async #begin(session: Session): Promise<void> {
    if (this.#begun) return;
    this.#begun = true;
    // Of nothing: whoever may not do this shall know before anything has changed.
    await this.#merge(session, false, '');
  }

  /** Makes them. */
  async publish(session: Session): Promise<void> {
    if (!this.#begun) return;
    const { replace, database } = this.#options;
    const added = this.#noted.map(({ kind, document }) => ({ kind, document: this.#moved(kind, document) }));
    await this.#fill(session, added);
    if (replace && database === undefined) await this.#fill(session, await this.#others(session, added));
    await this.#merge(session, replace, database ?? '');
    await this.abandon(session);
  }

  async #fill(session: Session, documents: readonly Added[]): Promise<void> {
    for (const kind of KINDS) {
      const ofKind = documents.filter((each) => each.kind === kind).map(({ document }) => document);
      for (let at = 0; at < ofKind.length; at += 500) {
        const command = { insert: this.#temporary(kind)[1], documents: ofKind.slice(at, at + 500) };
        await session.command('admin', command, DOING);
      }
    }
  }

  /** Leaves nothing beside. */
  async abandon(session: Session): Promise<void> {
    if (!this.#begun) return;
    for (const kind of KINDS) {
      await session.command('admin', { drop: this.#temporary(kind)[1] }, DOING).catch((error: unknown) => {
        if (!/ns not found/.test(String(error))) throw error;
      });
    }
  }

  async #merge(session: Session, drop: boolean, db: string): Promise<void> {
    const [tempUsersCollection, tempRolesCollection] = (['user', 'role'] as const).map((kind) =>
      this.#temporary(kind).join('.'),
    );
    const command = { _mergeAuthzCollections: 1, tempUsersCollection, tempRolesCollection, drop, db };
    await session.command('admin', command, DOING);
  }

  /** Who is there and not in the image stays. */
  async #others(session: Session, added: readonly Added[]): Promise<Added[]> {
    const ids = new Set(added.map(({ kind, document }) => `${kind} ${document.get('_id')}`));
    const others: Added[] = [];
    for (const kind of KINDS) {
      for await (const bytes of session.documents('admin', { find: `system.${kind}s` }, DOING)) {
        const document = decodeExactly(bytes);
        if (!ids.has(`${kind} ${document.get('_id')}`)) others.push({ kind, document });
      }
    }
    return others;
  }

  async #assertTrusted(session: Session, principals: readonly Principal[]): Promise<void> {
    const asking: ObjectName[] = [];
    for (const { kind, document } of principals.filter((each) => isAlmighty(each.document))) {
      const _id = this.#moved(kind, document).get('_id');
      const command = { find: `system.${kind}s`, filter: { _id }, limit: 1 };
      const { cursor } = await session.command('admin', command, DOING);
      if (cursor.firstBatch.length === 0) asking.push([kind, String(_id)]);
    }
    if (asking.length === 0) return;
    const names = asking.slice(0, NAMED).map((object) => object.join(' '));
    const more = asking.length > NAMED ? ` and ${asking.length - NAMED} more` : '';
    throw new DbimgError('UNTRUSTED', `The image brings who can do everything: ${names.join(', ')}${more}.`, {
      hint: 'If you know where the image comes from, say so with --trust.',
    });
  }

  /** Users and roles belong to databases, which may get other names. */
  #moved(kind: Principal['kind'], bytes: Buffer): Ordered {
    const { places } = this.#options;
    const document = decodeExactly(bytes);
    const own = textOf(fieldOf(bytes, 'db')) ?? '';
    if (places.finalDatabase(own) === own || own === 'admin') return document;
    const database = places.finalDatabase(own);
    const name = document.get(kind);
    document.set('_id', `${database}.${name}`);
    return moved(document, own, database) as Ordered;
  }

  #temporary(kind: Principal['kind']): ObjectName {
    return ['admin', `dbimg_${this.#options.run}_${kind}s`];
  }
}

function asAdded({ kind, document }: Principal): Added {
  return { kind, document: decodeExactly(document) };
}

/** The document with another database wherever it names one. */
function moved(value: unknown, from: string, to: string): unknown {
  if (Array.isArray(value)) return value.map((item) => moved(item, from, to));
  if (!(value instanceof Map)) return value;
  return new Map(
    [...value].map(([key, item]) => [key, key === 'db' && item === from ? to : moved(item, from, to)]),
  );
}
