/** The smallest engine that can dump MySQL: everything in memory, no image. */
import { adapter } from '../../src/adapters/mysql/adapter.ts';
import type {
  CatalogEntry,
  Context,
  Omission,
  Part,
  Position,
  SnapshotOptions,
  StreamOpen,
} from '../../src/core/adapter.ts';
import type { Warning } from '../../src/core/events.ts';
import { addDigests, type Digest, EMPTY_DIGEST } from '../../src/core/records/digest.ts';
import { type Piece, Recorder } from '../../src/core/records/recorder.ts';

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

export interface MemoryDump {
  readonly entries: readonly CatalogEntry[];
  readonly streams: readonly Stream[];
  readonly omissions: readonly Omission[];
  readonly position: Position;
}

export interface MemoryDumpOptions extends Partial<SnapshotOptions> {
  readonly context?: Context;
  /** Called when the snapshot stands, before and after the catalog was read. */
  readonly onSnapshot?: () => Promise<void>;
  readonly onCatalog?: () => Promise<void>;
}

export async function dump(url: string, options: MemoryDumpOptions = {}): Promise<MemoryDump> {
  const { context: given, onSnapshot, onCatalog, ...snapshotOptions } = options;
  const used = given ?? context();
  const lanes = options.lanes ?? 2;
  await using database = await adapter.connect(url, used);
  await using snapshot = await database.snapshot({ kind: 'logical', ...snapshotOptions, lanes });
  await onSnapshot?.();
  const entries = await Array.fromAsync(snapshot.catalog());
  await onCatalog?.();
  const parts = await Array.fromAsync(snapshot.parts());
  const streams: Stream[] = [];
  const work = Array.from({ length: lanes }, async () => {
    await using lane = await adapter.joinLane(snapshot.invitation, used);
    for (let part = parts.shift(); part; part = parts.shift()) {
      const own: Part = part;
      const pieces: Piece[] = [];
      const recorder = new Recorder({ keep: true, onPiece: (piece) => void pieces.push(piece) });
      await lane.read(own, {
        framed: (framing) => recorder.framed(framing),
        append: (bytes, last) => recorder.append(bytes, last),
        pressure: () => undefined,
      });
      streams.push({ open: own.open, pieces, digest: recorder.end() });
    }
  });
  const failed = (await Promise.allSettled(work)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  const { position } = await snapshot.finish();
  return { entries, streams, omissions: snapshot.omissions(), position };
}

/** Sum over the parts of a table. */
export function digestOf({ streams }: MemoryDump, table: string): Digest {
  return streams
    .filter(({ open }) => open.object[1] === table)
    .reduce((sum, { digest }) => addDigests(sum, digest), EMPTY_DIGEST);
}
