/** A mongodump archive as a database that is dumped: one pass, one lane, every checksum compared. */
import type {
  CatalogEntry,
  ChangeFeed,
  Context,
  Database,
  Finish,
  FramedInput,
  Invitation,
  ObjectName,
  Omission,
  Part,
  Position,
  ReadLane,
  RecordSink,
  ServerInfo,
  Snapshot,
  SnapshotOptions,
} from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import type { FileSource } from '../../core/interchange.ts';
import { ArchiveBytes, damagedArchive, MAGIC, type Run, unpacked } from './archive-bytes.ts';
import { type ArchivedDefinition, definitionOf } from './archive-definitions.ts';
import { isInternal, isOplog, keyOf, specialOf } from './archive-names.ts';
import { ArchivedOplog } from './archive-oplog.ts';
import { entriesOf, type Principal } from './catalog.ts';
import { Crc64 } from './crc64.ts';
import { openOf } from './parts.ts';
import { fieldOf, sequenceOf, textOf } from './raw-bson.ts';

/** Users and roles are held until the catalog is complete. */
const MOST_PRINCIPAL_BYTES = 64 * 1024 * 1024;

/** What one namespace of the archive has come to. */
interface Namespace {
  readonly name: ObjectName;
  readonly definition: ArchivedDefinition | undefined;
  /** Whether its documents go into the image. */
  readonly wanted: boolean;
  readonly crc: Crc64;
  parts: number;
  closed: boolean;
}

interface Header {
  readonly database: string;
  readonly collection: string;
  /** Of all documents of the namespace, in the header after the last of them. */
  readonly crc: bigint | undefined;
}

/** @param source the file's bytes, compressed with gzip or not. */
export function archiveSource(source: AsyncIterable<Uint8Array>): FileSource {
  const bytes = new ArchiveBytes(unpacked(source));
  let snapshot: ArchiveSnapshot | undefined;
  return {
    connect: async (_location, context) => new ArchiveDatabase(bytes, context, (made) => (snapshot = made)),
    joinLane: async (_invitation, _context): Promise<ReadLane> => {
      if (!snapshot) throw new TypeError('lanes join after the snapshot was taken');
      return snapshot.lane();
    },
  };
}

class ArchiveDatabase implements Database {
  server: ServerInfo = { product: 'MongoDB', version: '0', settings: {} };
  readonly #bytes: ArchiveBytes;
  readonly #context: Context;
  readonly #made: (snapshot: ArchiveSnapshot) => void;

  constructor(bytes: ArchiveBytes, context: Context, made: (snapshot: ArchiveSnapshot) => void) {
    this.#bytes = bytes;
    this.#context = context;
    this.#made = made;
  }

  async snapshot(options: SnapshotOptions): Promise<Snapshot> {
    const prelude = await readPrelude(this.#bytes);
    this.server = prelude.server;
    const snapshot = new ArchiveSnapshot(this.#bytes, this.#context, options, prelude);
    this.#made(snapshot);
    return snapshot;
  }

  async target(): Promise<never> {
    throw new DbimgError('UNSUPPORTED', 'An archive is not restored into.');
  }

  async *examine(): AsyncGenerator<never> {}

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bytes.close();
  }
}

interface Prelude {
  readonly server: ServerInfo;
  readonly namespaces: readonly Buffer[];
}

async function readPrelude(bytes: ArchiveBytes): Promise<Prelude> {
  if (!(await bytes.take(MAGIC.length)).equals(MAGIC)) throw damagedArchive('This is no mongodump archive.');
  const header = await bytes.document();
  if (!header) throw damagedArchive('The archive has no header.');
  const namespaces: Buffer[] = [];
  for (let next = await bytes.document(); next; next = await bytes.document()) namespaces.push(next);
  const names = new Set(namespaces.map((document) => textOf(fieldOf(document, 'db')) ?? ''));
  const [only] = names;
  // A dump of everything has users in admin, one of a single database has not.
  const database = names.size === 1 && only !== '' && only !== 'admin' ? { database: only as string } : {};
  const version = textOf(fieldOf(header, 'server_version')) ?? '0';
  return { server: { product: 'MongoDB', version, settings: { ...database } }, namespaces };
}

class ArchiveSnapshot implements Snapshot {
  readonly kind = 'logical';
  readonly invitation: Invitation = {};
  readonly position: Position;
  readonly log?: ChangeFeed;
  readonly #oplog: ArchivedOplog | undefined;
  readonly #bytes: ArchiveBytes;
  readonly #context: Context;
  readonly #options: SnapshotOptions;
  readonly #namespaces = new Map<string, Namespace>();
  readonly #principals: Principal[] = [];
  readonly #omissions: Omission[] = [];
  /** The first header that is not of users and roles. */
  #pending: Header | undefined;
  #reading: { readonly of: Namespace; readonly done: PromiseWithResolvers<void> } | undefined;

  constructor(bytes: ArchiveBytes, context: Context, options: SnapshotOptions, prelude: Prelude) {
    this.#bytes = bytes;
    this.#context = context;
    this.#options = options;
    this.position = { type: 'mongodump', value: null, time: new Date().toISOString(), exact: false };
    for (const document of prelude.namespaces) this.#add(document);
    if (this.#namespaces.has(keyOf('', 'oplog'))) {
      this.#oplog = new ArchivedOplog(context);
      this.log = this.#oplog;
    }
  }

  #add(prelude: Buffer): void {
    const definition = definitionOf(prelude);
    const { object, storage } = definition.collection;
    const [database = '', collection = ''] = object;
    const special = specialOf(database, collection) !== undefined || isOplog(database, collection);
    const internal = !special && isInternal(database);
    if (internal) {
      const reason = 'It is one of a database that belongs to the server.';
      this.#omissions.push({ kind: 'internal collection', object, reason });
    }
    const wanted = !special && !internal && (this.#options.selects?.(object) ?? true);
    const namespace = {
      ...{ name: object, definition: special ? undefined : definition, wanted },
      ...{ crc: new Crc64(), parts: 0, closed: false },
    };
    this.#namespaces.set(keyOf(database, storage), namespace);
  }

  /** Users and roles come before all collections. */
  async *catalog(): AsyncGenerator<CatalogEntry> {
    for (;;) {
      this.#pending = await this.#header();
      if (!this.#pending) break;
      const special = specialOf(this.#pending.database, this.#pending.collection);
      if (special === undefined) break;
      await this.#special(this.#pending, special);
    }
    const wanted = [...this.#namespaces.values()].filter((namespace) => namespace.wanted);
    const definitions = wanted.flatMap(({ definition }) => definition ?? []);
    yield* entriesOf({
      collections: definitions.map(({ collection }) => collection),
      indexes: new Map(definitions.map(({ collection, indexes }) => [collection, indexes])),
      sizes: new Map(),
      principals: this.#principals,
    });
  }

  omissions(): readonly Omission[] {
    return this.#omissions;
  }

  async *partsOf(): AsyncGenerator<Part> {
    yield* [];
  }

  async *parts(): AsyncGenerator<Part> {
    let header = this.#pending;
    for (; header; header = await this.#header()) {
      this.#context.signal.throwIfAborted();
      const namespace = this.#namespaceOf(header);
      if (header.crc !== undefined) {
        await this.#close(namespace, header.crc);
        if (namespace.wanted && namespace.parts === 0) yield* this.#part(namespace, 'empty');
      } else if (isOplog(header.database, header.collection)) await this.#captured(namespace);
      else if (specialOf(header.database, header.collection)) throw lateUsers(namespace.name);
      else if (namespace.wanted) yield* this.#part(namespace, 'documents');
      else for await (const run of this.#bytes.runs()) namespace.crc.update(run.bytes);
    }
    for (const { name, closed, definition } of this.#namespaces.values()) {
      // Some writers leave out what has no documents of its own.
      if (closed || definition?.collection.kind === 'view') continue;
      throw damagedArchive(`The archive ends before all documents of ${name.join('.')}.`);
    }
  }

  /** Resolves the next call of the generator once a lane has read the part. */
  async *#part(namespace: Namespace, what: 'documents' | 'empty'): AsyncGenerator<Part> {
    const collection = namespace.definition?.collection;
    if (!collection || collection.kind === 'view') return;
    const part = namespace.parts;
    namespace.parts += 1;
    const done = Promise.withResolvers<void>();
    const aborted = (): void => done.reject(this.#context.signal.reason);
    if (what === 'documents') this.#reading = { of: namespace, done };
    this.#context.signal.addEventListener('abort', aborted, { once: true });
    try {
      const open = { ...openOf(collection.object, collection.kind), part };
      yield { open, estimate: { bytes: 0, records: 0 }, scope: what };
      if (what === 'documents') await done.promise;
    } finally {
      this.#context.signal.removeEventListener('abort', aborted);
    }
  }

  lane(): ReadLane {
    return { read: (part, sink) => this.#read(part, sink), [Symbol.asyncDispose]: async () => {} };
  }

  async #read(part: Part, sink: RecordSink): Promise<void> {
    const reading = this.#reading;
    if (part.scope === 'empty') return;
    if (!reading) throw new TypeError('there is no part to be read');
    this.#reading = undefined;
    try {
      const input = sink.framed('bson');
      for await (const run of this.#bytes.runs()) {
        reading.of.crc.update(run.bytes);
        await feed(run, input, sink);
      }
      reading.done.resolve();
    } catch (error) {
      reading.done.reject(error);
      throw error;
    }
  }

  async finish(): Promise<Finish> {
    const position = this.#oplog?.end;
    return { position: position ?? this.position };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#reading?.done.resolve();
    await this.#bytes.close();
  }

  async #header(): Promise<Header | undefined> {
    if (await this.#bytes.atEnd()) return undefined;
    const document = await this.#bytes.document();
    if (!document) throw damagedArchive('A block of the archive has no header.');
    const end = fieldOf(document, 'EOF')?.value[0] === 1;
    const crc = fieldOf(document, 'CRC')?.value;
    return {
      database: textOf(fieldOf(document, 'db')) ?? '',
      collection: textOf(fieldOf(document, 'collection')) ?? '',
      crc: end && crc?.length === 8 ? crc.readBigInt64LE(0) : undefined,
    };
  }

  #namespaceOf({ database, collection }: Header): Namespace {
    const namespace = this.#namespaces.get(keyOf(database, collection));
    if (namespace && !namespace.closed) return namespace;
    throw damagedArchive(
      namespace
        ? `Documents of ${database}.${collection} come after its end.`
        : `The archive has documents of ${database}.${collection}, which it does not announce.`,
    );
  }

  async #close(namespace: Namespace, crc: bigint): Promise<void> {
    for await (const _ of this.#bytes.runs()) {
      throw damagedArchive(`The end of ${namespace.name.join('.')} has documents of its own.`);
    }
    namespace.closed = true;
    if (namespace.crc.value === crc) return;
    throw new DbimgError(
      'SOURCE_DAMAGED',
      'The documents are not those that the archive has the checksum of.',
      {
        object: namespace.name,
        hint: 'The archive is damaged; nothing of it was taken.',
      },
    );
  }

  async #special(header: Header, special: 'user' | 'role' | 'version'): Promise<void> {
    const namespace = this.#namespaceOf(header);
    if (header.crc !== undefined) {
      await this.#close(namespace, header.crc);
      return;
    }
    let left = MOST_PRINCIPAL_BYTES;
    for await (const { bytes } of this.#bytes.runs()) {
      namespace.crc.update(bytes);
      left -= bytes.length;
      if (left < 0)
        throw new DbimgError('UNSUPPORTED', 'The archive has too many users.', { object: namespace.name });
      if (special === 'version' || (special === 'user' && this.#options.noSecrets)) continue;
      for (const document of sequenceOf(bytes)) {
        this.#principals.push({ kind: special, document: Buffer.from(document) });
      }
    }
  }

  async #captured(namespace: Namespace): Promise<void> {
    for await (const { bytes } of this.#bytes.runs()) {
      namespace.crc.update(bytes);
      await this.#oplog?.push(Buffer.from(bytes));
    }
  }
}

async function feed(run: Run, input: FramedInput, sink: RecordSink): Promise<void> {
  for (let at = 0; at < run.bytes.length; at += input.buffer.length) {
    await sink.pressure();
    const piece = run.bytes.subarray(at, at + input.buffer.length);
    input.buffer.set(piece);
    if (input.feed(0, piece.length) !== piece.length)
      throw damagedArchive('The archive holds what is no document.');
  }
}

function lateUsers(object: ObjectName): DbimgError {
  return new DbimgError('UNSUPPORTED', 'Users and roles come after collections in this archive.', {
    object,
    hint: 'mongodump writes them first: dump again with it.',
  });
}
