/** Commands that make collections, indexes and views from what the source said of them. */
import { BSON, type Document } from 'mongodb';
import type { ObjectName } from '../../core/adapter.ts';
import { databaseOf, namespaceOf } from './names.ts';
import { decodeExactly, decodeSimply, EMPTY, fieldOf, numberOf, type Ordered } from './raw-bson.ts';
import type { Session } from './session.ts';

/** Options that `listCollections` names and `create` refuses, or that say how and not what. */
const UNWANTED = new Set(['temp', 'autoIndexId', 'recordIdsReplicated', 'uuid', 'viewOn', 'pipeline']);

/** Options of a collection as `create` takes them. */
export function optionsOf(info: Uint8Array): Document {
  const options = fieldOf(info, 'options');
  const fields = options ? [...decodeExactly(options.value)] : [];
  return Object.fromEntries(fields.filter(([name]) => !UNWANTED.has(name)));
}

/** Whether it is one of the server's own that goes away when it restarts: `$out` fills such a one, and renames it. */
export function isTemporary(info: Uint8Array): boolean {
  const options = fieldOf(info, 'options');
  return options !== undefined && Boolean(numberOf(fieldOf(options.value, 'temp')));
}

/** Whether documents of it go away by themselves. */
export function expires(info: Uint8Array): boolean {
  const options = fieldOf(info, 'options');
  return options !== undefined && fieldOf(options.value, 'expireAfterSeconds') !== undefined;
}

/** The command that makes a collection like the one that `info` is of. */
export function createCommand(name: string, info: Uint8Array): Document {
  const options = optionsOf(info);
  const index = options.clusteredIndex || options.timeseries ? undefined : fieldOf(info, 'idIndex');
  return { create: name, ...options, ...(index ? { idIndex: cleaned(decodeExactly(index.value)) } : {}) };
}

/** The same with the UUID that it had: as though it came from the oplog. */
export function createOperation(object: ObjectName, info: Uint8Array, uuid: string): Document {
  const command = createCommand(object[1] as string, info);
  const ui = new BSON.Binary(Buffer.from(uuid, 'hex'), BSON.Binary.SUBTYPE_UUID);
  return { op: 'c', ns: `${databaseOf(object)}.$cmd`, ui, o: command };
}

export async function createView(
  session: Session,
  object: ObjectName,
  info: Uint8Array,
  rename: (view: Ordered) => void,
): Promise<void> {
  const options = decodeExactly(fieldOf(info, 'options')?.value ?? EMPTY);
  rename(options);
  const command = { create: object[1], ...Object.fromEntries(options) };
  await session.command(databaseOf(object), command, {
    what: `The view ${namespaceOf(object)} could not be made`,
    object,
  });
}

/** A definition as `createIndexes` takes it. What has no collation would otherwise get that of its collection. */
function indexDefinition(index: Uint8Array, collated: boolean): Ordered {
  const definition = cleaned(decodeExactly(index));
  const old = Number(definition.get('v')) === 1;
  if (collated && !old && !definition.has('collation')) definition.set('collation', { locale: 'simple' });
  return definition;
}

/** Namespaces stand in definitions of old servers; the simple collation is none, and old indexes cannot have one. */
function cleaned(index: Ordered): Ordered {
  index.delete('ns');
  const collation = index.get('collation');
  if (Number(index.get('v')) === 1 && collation instanceof Map && collation.get('locale') === 'simple') {
    index.delete('collation');
  }
  return index;
}

export function expiresByIndex(index: Uint8Array): boolean {
  return fieldOf(index, 'expireAfterSeconds') !== undefined;
}

export function nameOfIndex(index: Uint8Array): string {
  return String(decodeSimply(index).name);
}

/** @throws DbimgError naming the index that cannot be built. */
export async function createIndexes(
  session: Session,
  place: ObjectName,
  object: ObjectName,
  indexes: readonly Uint8Array[],
  info: Uint8Array,
): Promise<void> {
  if (indexes.length === 0) return;
  const options = fieldOf(info, 'options');
  const collated = options !== undefined && fieldOf(options.value, 'collation') !== undefined;
  const names = indexes.map(nameOfIndex).join(', ');
  await session.command(
    databaseOf(place),
    {
      createIndexes: place[1],
      indexes: indexes.map((index) => indexDefinition(index, collated)),
      // Options that this server does not know did nothing where they were left.
      ignoreUnknownIndexOptions: true,
    },
    { what: `The indexes of ${namespaceOf(object)} could not be built (${names})`, object },
  );
}

/** A time-series collection comes with an index that its source may not have. */
export async function dropOtherIndexes(
  session: Session,
  place: ObjectName,
  object: ObjectName,
  indexes: readonly Uint8Array[],
): Promise<void> {
  const wanted = new Set(indexes.map(nameOfIndex));
  const doing = { what: `The indexes of ${namespaceOf(object)} could not be listed`, object };
  const others: string[] = [];
  for await (const index of session.documents(databaseOf(place), { listIndexes: place[1] }, doing)) {
    const name = nameOfIndex(index);
    if (!wanted.has(name) && name !== '_id_' && !fieldOf(index, 'clustered')) others.push(name);
  }
  for (const index of others) {
    await session.command(databaseOf(place), { dropIndexes: place[1], index }, doing);
  }
}
