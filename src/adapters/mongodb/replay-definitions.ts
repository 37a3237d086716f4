/** Commands of an oplog that make, change and drop collections, indexes and views. */
import type { ObjectName } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { inUserWords } from './bucket-indexes.ts';
import { createCommand, expires } from './creating.ts';
import { serverCode } from './errors.ts';
import { BUCKETS, databaseOf, namespaceOf, scratchName, VIEWS } from './names.ts';
import {
  databaseOfNamespace,
  definitionIdOf,
  type Entry,
  objectOfNamespace,
  userObject,
} from './oplog-entry.ts';
import type { Places } from './place.ts';
import { type IndexEdit, type Made, type MadeView, newlyMade } from './publication.ts';
import {
  decodeExactly,
  documentsOf,
  documentWith,
  type Element,
  EMPTY,
  elementsOf,
  fieldOf,
  numberOf,
  TYPE,
  textOf,
} from './raw-bson.ts';
import type { Session } from './session.ts';

export interface ReplayState {
  readonly session: Session;
  readonly places: Places;
  readonly run: string;
  /** By the name in JSON that the collection has now. */
  readonly made: Map<string, Made>;
  /** Views of the log: null if one was dropped. They take the place of those of the catalog. */
  readonly views: Map<string, MadeView | null>;
  /** Whether an object is to be restored. */
  wants(object: ObjectName): boolean;
  /** Forgets the views that the catalog has of a database. */
  dropViews(database: string): void;
  /** Documents of a collection will go away by themselves. */
  expiring(): Promise<void>;
  /** Makes sure that there is room for a database that comes into being. */
  enter(object: ObjectName): Promise<void>;
}

const NAMESPACE_NOT_FOUND = 26;

export class ReplayedDefinitions {
  readonly #state: ReplayState;
  readonly #byUuid = new Map<string, Made>();

  constructor(state: ReplayState) {
    this.#state = state;
    for (const made of state.made.values()) if (made.uuid !== undefined) this.#byUuid.set(made.uuid, made);
  }

  find(uuid: string | undefined, ns: string): Made | undefined {
    return uuid === undefined ? this.#state.made.get(JSON.stringify(nameOf(ns))) : this.#byUuid.get(uuid);
  }

  isOfViews({ ns }: Entry): boolean {
    return objectOfNamespace(ns)[1] === VIEWS;
  }

  /** Definitions of views are documents of a collection of their own. */
  view(entry: Entry): void {
    const { op, o } = entry;
    if (!o) return;
    const object = objectOfNamespace(definitionIdOf(entry));
    if (!this.#state.wants(object)) return;
    const key = JSON.stringify(object);
    if (op === 'd') {
      this.#state.views.set(key, null);
      return;
    }
    if (fieldOf(o.value, '$v')) throw unsupported('a view was changed by parts', object);
    // The view in front of a time-series collection belongs to it.
    if (textOf(fieldOf(o.value, 'viewOn'))?.startsWith(BUCKETS)) return;
    const options = [...elementsOf(o.value)].filter((field) => field.key !== '_id');
    this.#state.views.set(key, {
      final: this.#state.places.final(object),
      info: infoWith(object, 'view', options),
    });
  }

  /** @throws DbimgError `UNSUPPORTED` for what cannot be replayed. */
  async apply(entry: Entry, command: string): Promise<void> {
    const { o, ui } = entry;
    if (!o) return;
    const [first] = elementsOf(o.value);
    const name = textOf(first) ?? '';
    const object = nameOf(`${databaseOfNamespace(entry.ns)}.${name}`);
    const made = ui === undefined ? undefined : this.#byUuid.get(ui);
    switch (command) {
      case 'create':
        // Where views are defined: it is there as soon as there is one.
        if (name === VIEWS) return;
        if (!made && ui !== undefined && this.#state.wants(object)) await this.#create(object, name, ui, o);
        return;
      case 'drop':
        if (name === VIEWS) this.#dropViews(databaseOf(object));
        if (made) await this.#drop(made);
        return;
      case 'dropDatabase':
        await this.#dropDatabase(databaseOfNamespace(entry.ns));
        return;
      case 'renameCollection':
        await this.#rename(o, made);
        return;
      case 'collMod':
        if (made) await this.#modify(made, o);
        return;
      case 'createIndexes':
      case 'commitIndexBuild':
      case 'dropIndexes':
      case 'deleteIndexes':
        if (made) this.#editIndexes(made, command, o);
        return;
      default:
        if (made || this.#state.wants(object)) throw unsupported(`${command} was run`, object);
    }
  }

  async #create(object: ObjectName, name: string, uuid: string, o: Element): Promise<void> {
    const { session, places, run, made: all } = this.#state;
    await this.#state.enter(object);
    const buckets = name.startsWith(BUCKETS);
    const unwanted = buckets ? ['create', 'idIndex', 'validator', 'clusteredIndex'] : ['create', 'idIndex'];
    const fields = [...elementsOf(o.value)];
    const options = fields.filter(({ key }) => !unwanted.includes(key));
    const idIndex = fields.filter(({ key }) => key === 'idIndex' && !buckets);
    const kind = buckets ? 'timeseries' : 'collection';
    const info = infoWith(object, kind, options, idIndex);
    const final = places.final(object);
    const scratch = [databaseOf(final), scratchName(run, [...object, uuid])];
    const made = newlyMade({
      object,
      final,
      scratch,
      kind,
      info,
      uuid,
    });
    const doing = { what: `The collection ${namespaceOf(object)} could not be made`, object };
    await session.command(databaseOf(scratch), createCommand(scratch[1] as string, info), doing);
    this.#byUuid.set(uuid, made);
    // Another of that name was dropped before, or is renamed away in a moment.
    all.set(this.#free(object), made);
  }

  /** The key of a name; until it is free, one that nobody asks for. */
  #free(object: ObjectName): string {
    const key = JSON.stringify(object);
    const holder = this.#state.made.get(key);
    if (holder) {
      this.#state.made.delete(key);
      this.#state.made.set(JSON.stringify([...object, holder.uuid ?? '']), holder);
    }
    return key;
  }

  async #drop(made: Made): Promise<void> {
    const { scratch, object } = made;
    const doing = { what: `${namespaceOf(object)} could not be dropped`, object };
    await this.#state.session
      .command(databaseOf(scratch), { drop: scratch[1] }, doing)
      .catch((error: unknown) => {
        if (serverCode(error) !== NAMESPACE_NOT_FOUND) throw error;
      });
    made.dropped = true;
    if (made.uuid !== undefined) this.#byUuid.delete(made.uuid);
    for (const [key, each] of this.#state.made) if (each === made) this.#state.made.delete(key);
  }

  #dropViews(database: string): void {
    this.#state.dropViews(database);
    for (const key of this.#state.views.keys()) {
      if (databaseOf(JSON.parse(key)) === database) this.#state.views.delete(key);
    }
  }

  async #dropDatabase(database: string): Promise<void> {
    this.#dropViews(database);
    for (const made of [...this.#state.made.values()]) {
      if (databaseOf(made.object) === database) await this.#drop(made);
    }
  }

  async #rename(o: Element, made: Made | undefined): Promise<void> {
    const replaced = fieldOf(o.value, 'dropTarget');
    if (replaced?.type === TYPE.binary) {
      const old = this.#byUuid.get(replaced.value.subarray(5).toString('hex'));
      if (old && old !== made) await this.#drop(old);
    }
    if (!made) return;
    const to = nameOf(textOf(fieldOf(o.value, 'to')) ?? '');
    for (const [key, each] of this.#state.made) if (each === made) this.#state.made.delete(key);
    if (!this.#state.wants(to)) {
      await this.#drop(made);
      return;
    }
    made.temporary &&= Boolean(numberOf(fieldOf(o.value, 'stayTemp')));
    made.object = to;
    made.final = this.#state.places.final(to);
    this.#state.made.set(this.#free(to), made);
  }

  async #modify(made: Made, o: Element): Promise<void> {
    const fields = [...elementsOf(o.value)].slice(1);
    const index = fields.find(({ key }) => key === 'index');
    if (index) made.edits.push(modification(index));
    const changed = fields.filter(({ key }) => key !== 'index');
    if (changed.length === 0) return;
    const { scratch, object } = made;
    const doing = { what: `${namespaceOf(object)} could not be changed`, object };
    const options = [...elementsOf(fieldOf(made.info, 'options')?.value ?? EMPTY)];
    // Time-series collections are made once more at the end, from this.
    made.info = infoWith(object, made.kind, modified(options, changed));
    if (expires(made.info)) await this.#state.expiring();
    const command = { collMod: scratch[1], ...Object.fromEntries(decodeExactly(documentWith(changed))) };
    await this.#state.session.command(databaseOf(scratch), command, doing);
  }

  #editIndexes(made: Made, command: string, o: Element): void {
    if (command === 'commitIndexBuild') {
      const list = fieldOf(o.value, 'indexes');
      for (const index of documentsOf(list?.value ?? EMPTY)) {
        made.edits.push(addition(Buffer.from(index), made));
      }
    } else if (command === 'createIndexes') {
      made.edits.push(addition(documentWith([...elementsOf(o.value)].slice(1)), made));
    } else {
      const name = textOf(fieldOf(o.value, 'index')) ?? '';
      made.edits.push((indexes) => (name === '*' ? [] : indexes.filter((index) => nameIn(index) !== name)));
    }
  }
}

/** Options as `collMod` leaves them. */
function modified(options: readonly Element[], changes: readonly Element[]): Element[] {
  const kept = options.filter(({ key }) => !changes.some((change) => change.key === key));
  const set = changes.flatMap((change) => {
    if (change.key === 'expireAfterSeconds' && change.type === TYPE.string) return [];
    if (change.key !== 'timeseries') return [change];
    const before = options.find(({ key }) => key === 'timeseries');
    const own = [...elementsOf(before?.value ?? EMPTY)];
    const fields = [...elementsOf(change.value)];
    // How long a bucket is follows from the granularity, unless both are given.
    const stays = own.filter(
      ({ key }) => !fields.some((field) => field.key === key) && !key.startsWith('bucket'),
    );
    return [{ ...change, value: documentWith([...stays, ...fields]) }];
  });
  return [...kept, ...set];
}

function addition(definition: Buffer, { kind, info }: Made): IndexEdit {
  const index = kind === 'timeseries' ? inUserWords(definition, info) : definition;
  const name = nameIn(index);
  return (indexes) => [...indexes.filter((each) => nameIn(each) !== name), index];
}

/** `{index: {name | keyPattern, expireAfterSeconds, hidden, …}}` */
function modification(change: Element): IndexEdit {
  const fields = [...elementsOf(change.value)];
  const name = textOf(fields.find(({ key }) => key === 'name'));
  const pattern = fields.find(({ key }) => key === 'keyPattern')?.value;
  const options = fields.filter(({ key }) => key !== 'name' && key !== 'keyPattern');
  const unique = options.some(({ key }) => key === 'unique');
  return (indexes) =>
    indexes.map((index) => {
      const own = [...elementsOf(index)].filter((field) => field.key !== 'prepareUnique' || !unique);
      const key = own.find((field) => field.key === 'key')?.value;
      if (name === undefined ? !pattern || !key?.equals(pattern) : nameIn(index) !== name) return index;
      return documentWith([
        ...own.filter((field) => !options.some((option) => option.key === field.key)),
        ...options,
      ]);
    });
}

function nameIn(index: Uint8Array): string {
  return textOf(fieldOf(index, 'name')) ?? '';
}

/** The name of the object that a namespace stands for: buckets are those of a time-series collection. */
function nameOf(ns: string): ObjectName {
  const [database, name] = objectOfNamespace(ns) as [string, string];
  return userObject(database, name);
}

/** As `listCollections` would say it. */
function infoWith(
  object: ObjectName,
  kind: string,
  options: readonly Element[],
  idIndex: readonly Element[] = [],
): Buffer {
  return documentWith([
    { type: TYPE.string, key: 'name', value: stringValue(object[1] as string) },
    { type: TYPE.string, key: 'type', value: stringValue(kind) },
    { type: TYPE.document, key: 'options', value: documentWith(options) },
    ...idIndex,
  ]);
}

function stringValue(text: string): Buffer {
  const bytes = Buffer.from(`....${text}\0`);
  bytes.writeUInt32LE(bytes.length - 4);
  return bytes;
}

function unsupported(what: string, object: ObjectName): DbimgError {
  return new DbimgError('UNSUPPORTED', `The log cannot be replayed: ${what} while the dump was made.`, {
    object,
    hint: 'Dump again while no such commands are run.',
  });
}
