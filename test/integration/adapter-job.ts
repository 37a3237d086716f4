/** The smallest engine that can drive an adapter, the one of the URL: everything in memory, no image. */
import type {
  Adapter,
  CatalogEntry,
  Context,
  ImageSummary,
  Omission,
  Part,
  RecordSink,
  SnapshotOptions,
  StreamOpen,
  TargetOptions,
} from '../../src/core/adapter.ts';
import type { Warning } from '../../src/core/events.ts';
import { addDigests, type Digest, EMPTY_DIGEST } from '../../src/core/records/digest.ts';
import { type Piece, Recorder } from '../../src/core/records/recorder.ts';
import { registry } from '../../src/index.ts';

export interface TestContext extends Context {
  readonly warnings: Warning[];
}

export function context(options: { signal?: AbortSignal; lockTimeout?: number } = {}): TestContext {
  const warnings: Warning[] = [];
  return {
    signal: options.signal ?? new AbortController().signal,
    lockTimeout: options.lockTimeout ?? 2000,
    warn: (warning) => void warnings.push(warning),
    warnings,
  };
}

export interface Stream {
  readonly open: StreamOpen;
  readonly pieces: readonly Piece[];
  readonly digest: Digest;
}

export interface MemoryImage extends ImageSummary {
  readonly entries: readonly CatalogEntry[];
  readonly streams: readonly Stream[];
  readonly omissions: readonly Omission[];
  readonly decoder: Adapter['decoder'];
}

export interface DumpOptions extends Partial<SnapshotOptions> {
  readonly context?: Context;
  /** Called when the snapshot stands and nothing was read. */
  readonly onSnapshot?: () => Promise<void>;
  /** Called when the catalog was read, and no row. */
  readonly onCatalog?: () => Promise<void>;
  /** Stands in the way of each read, as a slow writer would. */
  readonly pressure?: () => Promise<void> | undefined;
}

export async function dump(url: string, options: DumpOptions = {}): Promise<MemoryImage> {
  const { context: given, onSnapshot, onCatalog, pressure, ...snapshotOptions } = options;
  const using_ = given ?? context();
  const lanes = options.lanes ?? 2;
  const adapter = await registry.forLocation(url);
  await using database = await adapter.connect(url, using_);
  await using snapshot = await database.snapshot({ kind: 'logical', ...snapshotOptions, lanes });
  await onSnapshot?.();
  const entries = await Array.fromAsync(snapshot.catalog());
  await onCatalog?.();
  const parts = await Array.fromAsync(snapshot.parts());
  const streams: Stream[] = [];
  const work = Array.from({ length: lanes }, async () => {
    await using lane = await adapter.joinLane(snapshot.invitation, using_);
    for (let part = parts.shift(); part; part = parts.shift()) {
      streams.push(await record(part, (sink) => lane.read(part as Part, sink), pressure));
    }
  });
  const failed = (await Promise.allSettled(work)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  const { position } = await snapshot.finish();
  return {
    ...{ image: 'test', kind: 'logical', adapter: adapter.name, server: database.server, position },
    ...{ entries, streams, omissions: snapshot.omissions(), decoder: adapter.decoder },
  };
}

async function record(
  part: Part,
  read: (sink: RecordSink) => Promise<void>,
  pressure: () => Promise<void> | undefined = () => undefined,
): Promise<Stream> {
  const pieces: Piece[] = [];
  const recorder = new Recorder({ keep: true, onPiece: (piece) => void pieces.push(piece) });
  try {
    await read({
      framed: (framing) => recorder.framed(framing),
      append: (bytes, last) => recorder.append(bytes, last),
      pressure,
    });
    return { open: part.open, pieces, digest: recorder.end() };
  } catch (error) {
    recorder.drop();
    throw error;
  }
}

export interface RestoreOptions extends Partial<TargetOptions> {
  readonly context?: Context;
  /** Called when so many chunks have been loaded. */
  readonly onLoaded?: (chunks: number) => Promise<void> | void;
}

/** Loads an image and publishes it; abandons it if anything fails. */
export async function restore(image: MemoryImage, url: string, options: RestoreOptions = {}): Promise<void> {
  const { context: given, onLoaded, ...targetOptions } = options;
  const using_ = given ?? context();
  const lanes = options.lanes ?? 2;
  const adapter = await registry.forLocation(url);
  await using database = await adapter.connect(url, using_);
  await using target = await database.target({ trust: true, ...targetOptions, lanes });
  try {
    await target.prepare(image);
    await target.apply(image.entries.filter(({ phase }) => phase === 'pre-data'));
    const chunks = image.streams.flatMap(chunksOf);
    const entries = image.entries.filter(({ phase }) => phase === 'post-data');
    let loaded = 0;
    const work = Array.from({ length: lanes }, async (_, number) => {
      await using lane = await adapter.joinWriteLane(target.invitation, using_);
      for (let chunk = chunks.shift(); chunk; chunk = chunks.shift()) {
        const records = await lane.load(chunk.open, chunk);
        if (records !== chunk.records) throw new Error(`the server took ${records} of ${chunk.records}`);
        await onLoaded?.(++loaded);
      }
      if (number > 0) return;
      for (const entry of entries) await lane.apply(entry);
    });
    const failed = (await Promise.allSettled(work)).find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
    await target.apply(image.entries.filter(({ phase }) => phase === 'finish'));
    const bad = (await target.check()).find(({ passed }) => !passed);
    if (bad) throw new Error(`${bad.name}: ${bad.detail}`);
    await target.publish();
  } catch (error) {
    await target.abandon(error);
    throw error;
  }
}

interface TestChunk {
  readonly open: StreamOpen;
  readonly records: number;
  readonly pieces: Uint8Array[];
}

/** Pieces of one record larger than a chunk belong together. */
function chunksOf({ open, pieces }: Stream): TestChunk[] {
  const chunks: TestChunk[] = [];
  let current: { open: StreamOpen; records: number; pieces: Uint8Array[] } | undefined;
  for (const piece of pieces) {
    if (!piece.continued || !current) {
      current = { open, records: 0, pieces: [] };
      chunks.push(current);
    }
    current.records += piece.records;
    current.pieces.push(piece.bytes);
  }
  return chunks;
}

/** Digest of every object by its name without the database. */
export function digestsOf(image: MemoryImage): Record<string, Digest> {
  const digests: Record<string, Digest> = {};
  for (const { open, digest } of image.streams) {
    const name = open.object.slice(1).join('.');
    digests[name] = addDigests(digests[name] ?? EMPTY_DIGEST, digest);
  }
  return digests;
}

/** Digest of the one object of this name; of nothing if there is none. */
export function digestOf(image: MemoryImage, name: string): Digest {
  return digestsOf(image)[name] ?? EMPTY_DIGEST;
}

/** Chunks of an object decoded. */
export function valuesOf(image: MemoryImage, name: string): unknown[] {
  return image.streams
    .filter(({ open }) => open.object.at(-1) === name)
    .flatMap(({ open, pieces }) => {
      const decoder = image.decoder(open);
      return pieces.flatMap(({ bytes }) => [...decoder.decode(bytes)]);
    });
}
