/**
 * The adapter contract: everything dbimg asks of a database product.
 *
 * Read it from top to bottom. An {@link Adapter} connects to a {@link Database}. A database gives a {@link Snapshot},
 * which many {@link ReadLane}s read at one position; or a {@link Target}, which many {@link WriteLane}s fill and which
 * becomes visible in one moment, {@link Target.publish}. Logical and physical images take the same road: a physical
 * snapshot is one whose records are pieces of files.
 *
 * Obligations that hold for every method:
 * - A method that fails throws a `DbimgError` that names the object, the cause and what to do next.
 * - `context.signal` is obeyed within a second, also while waiting for the server; the error is then `CANCELLED`.
 * - `[Symbol.asyncDispose]` is idempotent, never throws, and releases every lock, session, slot and temporary object
 *   that its owner made, also after an error and after an abort. Children are disposed before their parents.
 * - Whatever is called an `Invitation`, `Part` or `Plain` is structured-clone data: it may cross into a worker thread.
 */
import type { ErrorCode } from './errors.ts';
import type { Warning } from './events.ts';
import type { FileFormat, TextFormat } from './interchange.ts';
import type { Describer, Relation, Translator } from './relation.ts';
import type { RecordDecoder, RecordEncoder } from './value.ts';
import type { Workbench } from './workbench.ts';

/** Data that survives `structuredClone` and `JSON.stringify`. */
export type Plain =
  | null
  | boolean
  | number
  | string
  | readonly Plain[]
  | { readonly [key: string]: Plain | undefined };

/** The name of an object as a tuple, outermost first: `[database, schema, name]`, `[database, collection]`, `[path]`. */
export type ObjectName = readonly string[];

/** What kind of image: rows and definitions, the server's own files, or its log. */
export type ImageKind = 'logical' | 'physical' | 'log';

/**
 * Where a source's history stood.
 *
 * `value` is the adapter's own (an LSN; a GTID set with file and offset; a cluster time; salts and frame of a WAL).
 * `exact` tells whether replay of a log may start precisely there; the LSN beside a PostgreSQL logical snapshot, for
 * one, is only near it.
 */
export interface Position {
  readonly type: string;
  readonly value: Plain;
  /** Wall-clock time at the source, ISO 8601 with offset. */
  readonly time: string;
  readonly exact: boolean;
}

/** What an adapter can do at all. `doctor` and the engine ask here before they ask the server. */
export interface Capabilities {
  /** Kinds of image that `Database.snapshot` can give. */
  readonly kinds: readonly ImageKind[];
  /** Drivers that block the thread (SQLite) gain from lanes in workers only. */
  readonly synchronous: boolean;
  /** Whether `Target.publish` can replace existing data in one step (`--replace`). */
  readonly replace: boolean;
  /** Whether `Database.changes` exists: log capture, point-in-time restore. */
  readonly changes: boolean;
  /** Whether `SnapshotOptions.salvage` is possible. */
  readonly salvage?: boolean;
  /** Whether a target can give objects other names (`--rename`). */
  readonly rename?: boolean;
}

/** What every call that reaches a server gets besides its arguments. */
export interface Context {
  readonly signal: AbortSignal;
  /** Tells the user something that is no failure. Safe to call at any time. */
  warn(warning: Warning): void;
  /** How long one lock may be waited for, in milliseconds, before it is released and tried again. */
  readonly lockTimeout: number;
}

/** Product and version of a server, and the settings under which its values have their meaning. */
export interface ServerInfo {
  /** `PostgreSQL`, `MariaDB`, … */
  readonly product: string;
  /** As the server says it: `15.18`. */
  readonly version: string;
  readonly settings: { readonly [name: string]: string };
}

export interface Adapter {
  /** Written into images; an image is restored by the adapter of this name. */
  readonly name: string;
  /** URL schemes with their colon: `['postgres:', 'postgresql:']`. */
  readonly schemes: readonly string[];
  /** URL of the module that exports this object as `adapter`: a worker lane imports it. */
  readonly module: string;
  readonly capabilities: Capabilities;
  /** The location without its secrets, for messages. Never throws, whatever it is given. */
  redact(location: string): string;
  /** Opens the database at `location`. Fails with `CONNECT_FAILED`, `LOGIN_FAILED` or `SERVER_UNSUPPORTED`. */
  connect(location: string, context: Context): Promise<Database>;
  /** Joins a snapshot, possibly in another thread. May be called any number of times while the snapshot is open. */
  joinLane(invitation: Invitation, context: Context): Promise<ReadLane>;
  /** Joins a target, possibly in another thread. Only after `Target.prepare`. */
  joinWriteLane(invitation: Invitation, context: Context): Promise<WriteLane>;
  /**
   * Records of a stream as typed values; works without a server. With `relation`, a store of documents takes them apart
   * into its columns; others may ignore it.
   */
  decoder(open: StreamOpen, relation?: Relation): RecordDecoder;
  /** Says what an image of this adapter holds, so that others can take it. Absent: it is restored to its own kind alone. */
  describer?(image: ImageSummary): Describer;
  /** Says what images of other engines become here. Together with `encoder`; absent: it takes only its own images. */
  readonly translator?: Translator;
  /** Typed values as records of this engine. `open` is one that its translator made. */
  encoder?(open: StreamOpen): RecordEncoder;
  /** A place for SQL over rows of any image. `directory` is where its files go; undefined is the system's place for them. */
  workbench?(directory: string | undefined): Promise<Workbench>;
  /** Files in which tools of the product keep whole databases: `convert`. */
  readonly formats?: readonly FileFormat[];
  /** Records as text that tools of the product read and write: `export` and `import`. The first is the default. */
  readonly texts?: readonly TextFormat[];
  /** A data directory that no server uses: cold dumps, physical restore, combining increments, starting a server. */
  directory?(path: string, context: Context): Promise<DataDirectory>;
}

/** How a lane joins: plain data, made by the adapter for itself. It may hold secrets and never reaches an image or a log. */
export type Invitation = { readonly [key: string]: Plain | undefined };

export interface Database extends AsyncDisposable {
  readonly server: ServerInfo;
  /**
   * Fixes one position for all lanes. Locks that block writers are released before it returns; what it holds longer is
   * released by disposing the snapshot.
   */
  snapshot(options: SnapshotOptions): Promise<Snapshot>;
  /** The log from `since` on, in commit order, without gaps. Fails with `LOG_GAP` if the server no longer has it. */
  changes?(since: Position): Promise<ChangeFeed>;
  /** The place that a restore fills. Changes nothing yet. */
  target(options: TargetOptions): Promise<Target>;
  /** Looks for whatever would hinder a dump or restore, most serious first. Changes nothing. */
  examine(): AsyncIterable<Finding>;
}

export interface SnapshotOptions {
  readonly kind: ImageKind;
  /** Lanes that will join: engines that open all sessions at once need the number up front. */
  readonly lanes: number;
  /** Leave out secrets that are state: password verifiers, user mappings. */
  readonly noSecrets?: boolean;
  /** Objects to leave alone; their parts and catalog entries do not appear. */
  selects?(object: ObjectName): boolean;
  /** Rows in key order instead of the order in which they lie: the rows of an object are one stream. */
  readonly order?: 'key';
  /** Leave out what is damaged, each with an {@link Omission}, instead of failing with `SOURCE_DAMAGED`. */
  readonly salvage?: boolean;
  /** Rights to go on with less than one position, given by name on the command line. */
  readonly allow?: readonly string[];
  /** Keep writers out while reading, where one position can be had in no other way. Others may ignore it. */
  readonly lock?: boolean;
  /** Directory for what must be kept aside meanwhile. Default the system's. */
  readonly tmp?: string;
}

/** A frozen view of a source. `catalog`, `parts` and `partsOf` may run at the same time as lanes read. */
export interface Snapshot extends AsyncDisposable {
  readonly kind: ImageKind;
  /** Position at the start; `finish` gives the final one. */
  readonly position: Position;
  readonly invitation: Invitation;
  /** Everything needed to rebuild the objects, each entry after those it needs. Called once, before `parts`. */
  catalog(): AsyncIterable<CatalogEntry>;
  /** What this snapshot cannot carry, by name. Complete once `catalog` has ended. */
  omissions(): readonly Omission[];
  /** All data, cut into pieces that lanes read independently. Largest first where the adapter knows. */
  parts(): AsyncIterable<Part>;
  /** The parts in which the object of `open` would be read now, in the encoding of `open`: to prove equality. */
  partsOf(open: StreamOpen): AsyncIterable<Part>;
  /**
   * The log that must travel with the data because the parts alone are not one moment (a base backup's WAL, the oplog
   * of a long scan). The engine reads it from before the first part until the position that `finish` gives.
   */
  readonly log?: ChangeFeed;
  /** Called once, when every part has been read. May name last parts (a backup label) that are read after it. */
  finish(): Promise<Finish>;
}

export interface Finish {
  /** The moment the image stands for. */
  readonly position: Position;
  readonly parts?: readonly Part[];
  /** Whether `log` turned out to be unnecessary: its frames are then marked as not to be replayed. */
  readonly logUnneeded?: boolean;
  /** With `order`, where the engine can tell. */
  readonly packing?: Packing;
}

/** What rows in key order save, in bytes. */
export interface Packing {
  /** That the database takes at the source, with free pages and free space in pages. */
  readonly source: number;
  /** That it would take with full pages and none that are free, as after a restore: an estimate. */
  readonly packed: number;
}

/** One object of the catalog, one line of the image's stream 0. */
export interface CatalogEntry {
  /** Unique in the image and ascending from 1. */
  readonly id: number;
  /** The engine's word for it: `table`, `index`, `role`. */
  readonly kind: string;
  readonly object: ObjectName;
  /** The object by which it is chosen: a table's own name, an index's table. Leaving that out leaves this out. */
  readonly of?: ObjectName;
  readonly phase: Phase;
  /** Ids of entries that it needs; smaller than `id`. They are applied before it, and it is left out with any of them. */
  readonly after?: readonly number[];
  /** Ids of entries whose objects this one locks: entries that share one never run at once if either is exclusive. */
  readonly locks?: { readonly shared?: readonly number[]; readonly exclusive?: readonly number[] };
  /** Estimated work in bytes, so that the largest starts first. */
  readonly size?: number;
  /** What restoring it means for safety and secrecy. */
  readonly traits?: readonly ('superuser' | 'secret')[];
  /** The adapter's own: usually the statements to run. */
  readonly body: Plain;
}

/** `pre-data` before the rows, `post-data` after them and in parallel, `finish` last and in order. */
export type Phase = 'pre-data' | 'post-data' | 'finish';

/** Something that the source has and the image does not. Not accepted by `--allow KIND`, it makes exit code 3. */
export interface Omission {
  readonly kind: string;
  readonly object: ObjectName;
  readonly reason: string;
}

/** What the OPEN frame of a stream says: enough to decode its records without the source. */
export interface StreamOpen {
  readonly object: ObjectName;
  /** The object by which it is chosen, as in the catalog, where that is another. */
  readonly of?: ObjectName;
  /** Which part of the object this stream is, from 0. */
  readonly part: number;
  /** How many the object has, where that is known when its first part is read. */
  readonly parts?: number;
  /** `pg.copy.binary`, `mysql.row`, `bson`, `file`, … */
  readonly encoding: string;
  readonly columns?: readonly Column[];
  /** Session settings under which the records were read. */
  readonly settings?: { readonly [name: string]: string };
  /** The adapter's own, such as a file's mode or a collection's UUID. */
  readonly details?: Plain;
}

export interface Column {
  readonly name: string;
  /** The engine's own name of the type. */
  readonly type: string;
}

/** Work for one lane. */
export interface Part {
  readonly open: StreamOpen;
  /** Expected size, for progress and balance; may be wrong. */
  readonly estimate: { readonly bytes: number; readonly records: number };
  /** How the lane finds the part. */
  readonly scope: Plain;
}

/** One session that reads at the snapshot's position. One call at a time. */
export interface ReadLane extends AsyncDisposable {
  /**
   * Sends every record of the part into the sink and resolves when the last is in. Waits for `sink.pressure()`. After
   * an error the lane can be disposed and nothing else; the engine drops what the part had written.
   */
  read(part: Part, sink: RecordSink): Promise<void>;
}

/**
 * How records leave the wire.
 *
 * - `pg-copy-binary`, `pg-copy-text`: CopyData messages; the binary header and trailer are not part of any record.
 * - `mysql-packet`: packets, those of 2^24-1 bytes joined with the next.
 * - `bson`: documents one after the other, or other records that begin with their own length, i32 little-endian.
 * - `bson-array`: elements of a BSON array whose values are documents; types and keys are part of no record.
 */
export type Framing = 'pg-copy-binary' | 'pg-copy-text' | 'mysql-packet' | 'bson' | 'bson-array';

/** Where a lane puts records. They are hashed and cut into chunks as they come; none is ever held as an object. */
export interface RecordSink {
  /** The hot path: memory that a socket may write into, walked by the kernel. One framing for a sink's whole life. */
  framed(framing: Framing): FramedInput;
  /** The cold path: a record, or a piece of one. `last` ends the record. */
  append(bytes: Uint8Array, last: boolean): void;
  /**
   * Ends the chunk, between two records: physical images cut at fixed multiples of pages, so that a changed page changes
   * one chunk. Absent where no chunks are made.
   */
  cut?(): void;
  /** Resolves when the sink wants more; `undefined` when it can take more at once. Rejects if the dump has failed. */
  pressure(): Promise<void> | undefined;
}

export interface FramedInput {
  /** Memory for wire bytes. It is the same array until the sink is done, and then no longer to be written to. */
  readonly buffer: Uint8Array<ArrayBuffer>;
  /**
   * Walks `buffer[start, end)`. Returns how many of these bytes belonged to the framing: fewer than given means that
   * something else begins there (for COPY, a message that is not CopyData), and the kernel stands at a boundary.
   */
  feed(start: number, end: number): number;
  /**
   * After a `feed` that stopped: bytes that earlier calls had taken although they belong to what begins there, to be
   * put before it. At most 4, and only with `mysql-packet`, whose packets show what they are in their fifth byte.
   */
  readonly pending: Uint8Array;
}

/** Options of the restore side. */
export interface TargetOptions {
  readonly lanes: number;
  /** Replace what is there, once the new is complete and checked. */
  readonly replace?: boolean;
  /** Make the database if it does not exist. */
  readonly create?: boolean;
  /** Accept objects that act with more rights than their user. */
  readonly trust?: boolean;
  readonly noSecrets?: boolean;
  /** Planner statistics after the load. */
  readonly analyze?: boolean;
  /** Other names for objects; only where `Capabilities.rename` says so. `renamed` of `engine/rename.ts` applies them. */
  readonly rename?: readonly RenameRule[];
  /** Directory for what must be kept aside meanwhile. Default the system's. */
  readonly tmp?: string;
  /** Keep the UUIDs by which the server knows its objects. Others than MongoDB may ignore it. */
  readonly keepUuids?: boolean;
}

/** One `--rename A=B`. Both sides are whole names, their parts joined by dots; `*` stands for any characters. */
export interface RenameRule {
  readonly from: string;
  readonly to: string;
}

/**
 * A restore in progress. Order of calls: `prepare`, perhaps `review`, `apply` of all pre-data, lanes load, lanes apply post-data, `apply`
 * of finish, `check`, perhaps `reread`, then exactly one of `publish` and `abandon`. Until `publish`, nobody who looks
 * at the target's place can take what is there for a complete database.
 */
export interface Target extends AsyncDisposable {
  readonly invitation: Invitation;
  /** Finds out whether the image fits; changes nothing. The whole answer to `--dry-run`. */
  plan(image: ImageSummary): Promise<Plan>;
  /** Makes the place beside. Fails with `TARGET_NOT_EMPTY`, and with `PERMISSION_DENIED` before anything was changed. */
  prepare(image: ImageSummary): Promise<void>;
  /**
   * Looks at what is to be restored, in order and in batches, after `prepare` or `plan` and before the first `apply`.
   * Changes nothing. All obstacles of all batches are told together, and nothing is made if there is one.
   */
  review?(entries: readonly CatalogEntry[]): Promise<readonly Finding[]>;
  /** Applies entries in order, all or nothing of each. The engine hands over batches; splitting them is allowed. */
  apply(entries: readonly CatalogEntry[]): Promise<void>;
  /**
   * Applies an entry of post-data or finish whose object is loaded while others still load; it needs nothing but the
   * pre-data of its object. One call at a time. False if it is to be applied in its turn, as all are where this is absent.
   * A log that must be replayed may still come.
   */
  applyEarly?(entry: CatalogEntry): Promise<boolean>;
  /** Called once between the data and post-data, when lanes are idle. */
  loaded?(): Promise<void>;
  /**
   * Replays a log onto what was loaded, up to and including `until`: after the data, before post-data. Objects that the
   * log makes come only if `wants` says so. Returns where it stopped.
   */
  replay?(changes: ChangeSource, until: Until, wants: (object: ObjectName) => boolean): Promise<Position>;
  /** The adapter's own last look before `publish`. A failed check prevents it. */
  check(): Promise<readonly Check[]>;
  /** The loaded, still unpublished state as a snapshot, to be read back and compared. */
  reread(): Promise<Snapshot>;
  /** The one moment at which the new state becomes visible. Not interrupted by the signal once it has begun. */
  publish(): Promise<void>;
  /** Leaves no trace. Never throws; what it could not remove it reports by `warn`. */
  abandon(reason: unknown): Promise<void>;
}

/** What a target may know of an image before reading it. */
export interface ImageSummary {
  readonly image: string;
  readonly kind: ImageKind;
  readonly adapter: string;
  readonly server: ServerInfo;
  readonly position: Position;
}

export interface Plan {
  /** What would happen, in words, in order. */
  readonly steps: readonly string[];
  /** What stands in the way; empty if nothing does. */
  readonly obstacles: readonly Finding[];
}

/** One session that loads. One call at a time. */
export interface WriteLane extends AsyncDisposable {
  /**
   * Loads one chunk, all or nothing, and returns how many records the server says it took. The pieces of a chunk are
   * verified as they are pulled: if pulling throws, the chunk must leave nothing behind.
   */
  load(open: StreamOpen, chunk: Chunk): Promise<number>;
  /** Applies one post-data entry. Other lanes do the same; the engine respects `after` and `locks`. */
  apply(entry: CatalogEntry): Promise<void>;
}

/** A run of whole records. More than one piece only when a single record is larger than a chunk. */
export interface Chunk {
  readonly records: number;
  /** Ascends in a stream: of two chunks of one, that with the smaller number comes first. Absent if it was translated. */
  readonly sequence?: number;
  /** Their memory is gone when `load` has returned: what is needed longer is copied. */
  readonly pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** A log as it is written at the source. Made by `Database.changes` or `Snapshot.log`. */
export interface ChangeFeed extends AsyncDisposable {
  /** `pg.wal`, `mysql.binlog`, `mongo.oplog`, `sqlite.wal`. */
  readonly encoding: string;
  readonly from: Position;
  /** Batches without gap or overlap, until `stop` or for ever. A batch ends where replay can end. */
  batches(): AsyncIterable<ChangeBatch>;
  /** What was captured up to here is safe: the server may forget it. */
  acknowledge(position: Position): void;
  /** Lets `batches` end once it has passed `at`. */
  stop(at: Position): void;
}

export interface ChangeBatch {
  readonly from: Position;
  readonly to: Position;
  readonly records: number;
  readonly bytes: Uint8Array;
}

/** A log that was captured, as replay reads it. */
export interface ChangeSource {
  readonly encoding: string;
  batches(): AsyncIterable<ChangeBatch>;
}

/** How far to replay; each is inclusive. */
export type Until =
  | { readonly type: 'end' }
  | { readonly type: 'time'; readonly time: string }
  | { readonly type: 'position'; readonly position: Position }
  | { readonly type: 'mark'; readonly name: string };

/** A server's files while no server runs on them. */
export interface DataDirectory extends AsyncDisposable {
  readonly server: ServerInfo;
  /** A cold physical snapshot. Fails with `SERVER_RUNNING` if a server uses the directory. */
  snapshot(options: SnapshotOptions): Promise<Snapshot>;
  /** Fills a new directory beside and renames it. */
  target(options: TargetOptions): Promise<Target>;
  /** Boots a server on it under our configuration, on loopback; the URL is given back. */
  start?(): Promise<RunningServer>;
}

export interface RunningServer extends AsyncDisposable {
  readonly url: string;
}

/** What `doctor` says of a server. */
export interface Finding {
  readonly level: 'ok' | 'note' | 'warning' | 'obstacle';
  readonly what: string;
  readonly hint?: string;
  /** For an obstacle: the error that the job would fail with, and so the exit code of `--dry-run` and `doctor`. */
  readonly code?: ErrorCode;
}

export interface Check {
  readonly name: string;
  readonly passed: boolean;
  readonly detail?: string;
}
