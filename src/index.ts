/**
 * dbimg as a library: the same abilities as the command line.
 *
 * ```ts
 * import { dump, restore, verify } from 'dbimg';
 * await dump({ source: 'postgres://localhost/shop', image: 'shop.dbimg' });
 * await restore({ image: 'shop.dbimg', target: 'postgres://localhost/copy', create: true, prove: true });
 * ```
 *
 * Every function rejects with a {@link DbimgError}; callers switch on its `code`.
 */
import type { ImageKind, ObjectName } from './core/adapter.ts';
import type { Keys } from './core/codec/keys.ts';
import type { CatJob, CatRow } from './core/engine/cat.ts';
import type { ConvertReport } from './core/engine/convert.ts';
import type { DoctorReport } from './core/engine/doctor.ts';
import type { DumpReport } from './core/engine/dump.ts';
import type { FrameRow, Inspection } from './core/engine/inspect.ts';
import { defaultJobs } from './core/engine/jobs.ts';
import type { LaneHome } from './core/engine/lane-home.ts';
import type { QueryAnswer } from './core/engine/query.ts';
import type { RestoreReport } from './core/engine/restore.ts';
import type { VerifyReport } from './core/engine/verify.ts';
import type { Listener, Warning } from './core/events.ts';
import { Registry } from './core/registry.ts';
import { openStore, type Store } from './core/store/store.ts';

export type * from './core/adapter.ts';
export type { Keys } from './core/codec/keys.ts';
export type { CatRow } from './core/engine/cat.ts';
export type { ConvertReport } from './core/engine/convert.ts';
export type { DoctorReport } from './core/engine/doctor.ts';
export type { DumpReport } from './core/engine/dump.ts';
export type { FrameRow, InspectedObject, Inspection } from './core/engine/inspect.ts';
export type { LaneHome } from './core/engine/lane-home.ts';
export type { Difference } from './core/engine/prove.ts';
export type { QueryAnswer } from './core/engine/query.ts';
export type { RestoreReport } from './core/engine/restore.ts';
export type { VerifyReport } from './core/engine/verify.ts';
export { DbimgError, ERRORS, type ErrorCode } from './core/errors.ts';
export type { LaneState, Listener, ProgressEvent, Step, Warning } from './core/events.ts';
export type * from './core/interchange.ts';
export { type AdapterEntry, Registry } from './core/registry.ts';
export type * from './core/relation.ts';
export {
  MemoryStore,
  openStore,
  type Store,
  type StoreReader,
  type StoreWriter,
} from './core/store/store.ts';
export type * from './core/value.ts';

/** The adapters that come with dbimg. Add your own with `new Registry([...adapters, mine])`. */
export const registry: Registry = new Registry([
  {
    name: 'postgres',
    schemes: ['postgres:', 'postgresql:'],
    load: async () => (await import('./adapters/postgres/adapter.ts')).adapter,
  },
  {
    name: 'mysql',
    schemes: ['mysql:', 'mariadb:'],
    load: async () => (await import('./adapters/mysql/adapter.ts')).adapter,
  },
  {
    name: 'sqlite',
    schemes: ['sqlite:', 'file:'],
    recognises: async (path) => (await import('./adapters/sqlite/recognise.ts')).isDatabasePath(path),
    load: async () => (await import('./adapters/sqlite/adapter.ts')).adapter,
  },
  {
    name: 'mongodb',
    schemes: ['mongodb:', 'mongodb+srv:'],
    load: async () => (await import('./adapters/mongodb/adapter.ts')).adapter,
  },
  {
    name: 'memory',
    schemes: ['memory:'],
    load: async () => (await import('./adapters/memory/adapter.ts')).adapter,
  },
]);

/** Options that every job takes. */
export interface CommonOptions {
  /** Stops the job; it leaves nothing behind and rejects with `CANCELLED`. */
  readonly signal?: AbortSignal;
  readonly onProgress?: Listener;
  /** Adapters to choose from; by default those that come with dbimg. */
  readonly registry?: Registry;
  /** How many lanes work side by side, each with a connection of its own. By default one a core, from 2 to 8. */
  readonly jobs?: number;
  /** Where lanes live. `worker` gives each a thread: worth it on machines with many cores. */
  readonly lanes?: LaneHome;
  /** Milliseconds that one lock may be waited for. Default 5000. */
  readonly lockTimeout?: number;
  /** Objects to take, by glob on their name: `artist`, `public.*`. */
  readonly only?: readonly string[];
  /** Objects to leave out. */
  readonly skip?: readonly string[];
}

export interface DumpOptions extends CommonOptions {
  /** URL of the database. */
  readonly source: string;
  /** Path of the image, `-` for standard output, or a store. */
  readonly image: string | Store;
  readonly kind?: ImageKind;
  /** zstd level, 1 to 19. Default 1. */
  readonly level?: number;
  /** Definitions without rows. */
  readonly schemaOnly?: boolean;
  readonly encrypt?: { readonly passphrase?: string; readonly recipients?: readonly string[] };
  /** Sign every frame with this Ed25519 key, in PEM. */
  readonly sign?: { readonly privateKey: string };
  /** Begin the image with a `#!` line, so that it can be executed. */
  readonly shebang?: boolean;
  /** Leave out secrets that are state, such as password verifiers. */
  readonly noSecrets?: boolean;
  /** Rows in key order, one stream an object, and what full pages save in the report. */
  readonly order?: 'key';
  /** Leave out what of the source is damaged, and name it in the report's omissions. */
  readonly salvage?: boolean;
  /** Kinds of omission that are accepted. */
  readonly allow?: readonly string[];
  /** Replace an image that is already there. */
  readonly overwrite?: boolean;
  /** Upper bound in plain bytes a second. */
  readonly rate?: number;
  /** Keep writers out while reading, where there is no other way to one position: a stand-alone MongoDB. */
  readonly lock?: boolean;
  /** Directory for what must be kept aside meanwhile. Default the system's. */
  readonly tmp?: string;
}

export interface RestoreOptions extends CommonOptions {
  readonly image: string | Store;
  /** URL of the database to end up with. */
  readonly target: string;
  /** Replace what is there, once the new is complete and checked. */
  readonly replace?: boolean;
  /** Make the database if it does not exist. */
  readonly create?: boolean;
  /** Only say what would happen. */
  readonly dryRun?: boolean;
  /** Read everything back before it becomes visible, and compare digests. */
  readonly prove?: boolean;
  /** Accept objects that act with more rights than their user. */
  readonly trust?: boolean;
  readonly noSecrets?: boolean;
  /** Other names for objects, as `A=B`: `shop.*=shop2.*`. The first that matches counts. */
  readonly rename?: readonly string[];
  /** Keep the UUIDs by which MongoDB knows collections. */
  readonly keepUuids?: boolean;
  /** Planner statistics after the load. Default true. */
  readonly analyze?: boolean;
  readonly keys?: Keys;
  /** Directory for what a pipe brings too early. Default the system's. */
  readonly tmp?: string;
}

export interface VerifyOptions extends CommonOptions {
  readonly image: string | Store;
  /** URL of a live database to compare with. */
  readonly against?: string;
  readonly keys?: Keys;
  readonly tmp?: string;
}

export interface ReadOptions {
  readonly image: string | Store;
  readonly keys?: Keys;
  readonly registry?: Registry;
}

export type DumpResult = DumpReport;
export type RestoreResult = RestoreReport;
export type VerifyResult = VerifyReport;

/** Writes a database to an image. When it resolves the image is complete and in its place. */
export async function dump(options: DumpOptions): Promise<DumpResult> {
  const { dumpImage } = await import('./core/engine/dump.ts');
  const { shebang, source, image, overwrite } = options;
  return await dumpImage({
    ...options,
    adapter: await (options.registry ?? registry).forLocation(source),
    location: source,
    store: typeof image === 'string' ? openStore(image, { overwrite: overwrite ?? false }) : image,
    jobs: defaultJobs(options.jobs),
    lanes: options.lanes ?? 'process',
    kind: options.kind ?? 'logical',
    image: { ...sealingOf(options), ...(shebang === undefined ? {} : { shebang }) },
  });
}

/** Fills a database from an image: beside, checked, and visible in one moment. */
export async function restore(options: RestoreOptions): Promise<RestoreResult> {
  const { restoreImage } = await import('./core/engine/restore.ts');
  const { renameRule } = await import('./core/engine/rename.ts');
  return await restoreImage({
    ...options,
    rename: (options.rename ?? []).map(renameRule),
    registry: options.registry ?? registry,
    store: asStore(options.image),
    jobs: defaultJobs(options.jobs),
    lanes: options.lanes ?? 'process',
    keys: options.keys ?? {},
    analyze: options.analyze ?? true,
  });
}

/** Checks every byte of an image; with `against`, also whether a database still equals it. Damage rejects. */
export async function verify(options: VerifyOptions): Promise<VerifyResult> {
  const { verifyImage } = await import('./core/engine/verify.ts');
  return await verifyImage({
    ...options,
    registry: options.registry ?? registry,
    store: asStore(options.image),
    jobs: defaultJobs(options.jobs),
    lanes: options.lanes ?? 'process',
    keys: options.keys ?? {},
  });
}

/** What is inside an image. */
export async function inspect(options: ReadOptions): Promise<Inspection> {
  const { inspectImage } = await import('./core/engine/inspect.ts');
  return await inspectImage({ ...options, store: asStore(options.image), keys: options.keys ?? {} });
}

/** Every frame of an image, in file order. */
export async function* inspectFrames(options: ReadOptions): AsyncGenerator<FrameRow> {
  const { frameRows } = await import('./core/engine/inspect.ts');
  yield* frameRows({ store: asStore(options.image), keys: options.keys ?? {} });
}

/** The rows of one object of an image, without a server. */
export async function* cat(
  options: ReadOptions & { readonly object: string; readonly limit?: number },
): AsyncGenerator<CatRow> {
  const { catImage } = await import('./core/engine/cat.ts');
  const job: CatJob = {
    object: options.object,
    registry: options.registry ?? registry,
    store: asStore(options.image),
    keys: options.keys ?? {},
    ...(options.limit === undefined ? {} : { limit: options.limit }),
  };
  yield* catImage(job);
}

/**
 * Runs one SELECT over an image, without a server: SQL as SQLite understands it. Dispose the answer.
 *
 * ```ts
 * await using answer = await query({ image: 'shop.dbimg', sql: 'SELECT count(*) AS orders FROM public.orders' });
 * for await (const [orders] of answer) console.log(orders);
 * ```
 */
export async function query(
  options: ReadOptions & {
    readonly sql: string;
    /** Rows of the answer. Default: all. */
    readonly limit?: number;
    /** Directory for the rows that the statement reads. Default the system's. */
    readonly tmp?: string;
  } & Pick<CommonOptions, 'signal' | 'onProgress'>,
): Promise<QueryAnswer> {
  const { queryImage } = await import('./core/engine/query.ts');
  const { adapter } = await import('./adapters/sqlite/adapter.ts');
  return await queryImage({
    ...options,
    registry: options.registry ?? registry,
    workbench: adapter,
    store: asStore(options.image),
    keys: options.keys ?? {},
  });
}

export interface ConvertOptions
  extends Pick<CommonOptions, 'signal' | 'onProgress' | 'registry' | 'only' | 'skip'> {
  /** An image, or a file of another tool, such as an archive of mongodump: a path, `-`, or a store. */
  readonly input: string | Store;
  /** What it becomes: the one if it is the other. */
  readonly output: string | Store;
  /** The other tool's format. By default it is found out. */
  readonly format?: string;
  /** Compress the other tool's file. Not for images, which always are. */
  readonly gzip?: boolean;
  readonly noSecrets?: boolean;
  readonly keys?: Keys;
  readonly level?: number;
  readonly encrypt?: NonNullable<DumpOptions['encrypt']>;
  readonly sign?: NonNullable<DumpOptions['sign']>;
  readonly overwrite?: boolean;
}

/** From a file of another tool to an image, or back, without a server. */
export async function convert(options: ConvertOptions): Promise<ConvertReport> {
  const { convertFile } = await import('./core/engine/convert.ts');
  const { input, output, overwrite } = options;
  return await convertFile({
    ...options,
    registry: options.registry ?? registry,
    input: asStore(input),
    inputName: nameOf(input),
    output: typeof output === 'string' ? openStore(output, { overwrite: overwrite ?? false }) : output,
    keys: options.keys ?? {},
    image: sealingOf(options),
  });
}

export interface ExportOptions extends ReadOptions {
  readonly object: string;
  /** `ndjson`, `csv`, or a form of the engine's own, such as `extended-json`, which is then the default. */
  readonly format?: string;
  /** One JSON array instead of lines. */
  readonly array?: boolean;
  readonly limit?: number;
  readonly onWarning?: (warning: Warning) => void;
}

/** The records of one object of an image as text, in pieces of whole lines. */
export async function* exportObject(options: ExportOptions): AsyncGenerator<string> {
  const { exportImage } = await import('./core/engine/export.ts');
  const { image, onWarning, ...rest } = options;
  yield* exportImage({
    ...rest,
    registry: options.registry ?? registry,
    store: asStore(image),
    keys: options.keys ?? {},
    ...(onWarning ? { warn: onWarning } : {}),
  });
}

export interface ImportOptions extends Pick<CommonOptions, 'signal' | 'onProgress' | 'registry'> {
  /** The text: a path, `-`, or a store. */
  readonly input: string | Store;
  /** The image that it becomes: a path, `-`, or a store. */
  readonly image: string | Store;
  /** What its records become: `['shop', 'orders']`. */
  readonly object: ObjectName;
  readonly format?: string;
  readonly level?: number;
  readonly encrypt?: NonNullable<DumpOptions['encrypt']>;
  readonly sign?: NonNullable<DumpOptions['sign']>;
  readonly overwrite?: boolean;
}

/** Text of another tool, such as Extended JSON, as an image of one object. */
export async function importObject(options: ImportOptions): Promise<DumpResult> {
  const { importText } = await import('./core/engine/import.ts');
  const { input, image, overwrite } = options;
  return await importText({
    ...options,
    registry: options.registry ?? registry,
    input: asStore(input),
    inputName: nameOf(input),
    output: typeof image === 'string' ? openStore(image, { overwrite: overwrite ?? false }) : image,
    image: sealingOf(options),
  });
}

function sealingOf({
  level,
  encrypt,
  sign,
}: Pick<DumpOptions, 'level' | 'encrypt' | 'sign'>): Pick<DumpOptions, 'level' | 'encrypt' | 'sign'> {
  return {
    ...(level === undefined ? {} : { level }),
    ...(encrypt === undefined ? {} : { encrypt }),
    ...(sign === undefined ? {} : { sign }),
  };
}

/** What messages call it. */
function nameOf(input: string | Store): string {
  if (typeof input !== 'string') return 'the input';
  return input === '-' ? 'standard input' : input;
}

/** What stands in the way of dumping or restoring a database. */
export async function doctor(
  options: Pick<CommonOptions, 'signal' | 'registry'> & { readonly location: string },
): Promise<DoctorReport> {
  const { examine } = await import('./core/engine/doctor.ts');
  return await examine({ ...options, registry: options.registry ?? registry });
}

function asStore(image: string | Store): Store {
  return typeof image === 'string' ? openStore(image) : image;
}
