/** From a database into an image: one snapshot, many lanes, one writer. */
import type {
  Adapter,
  ChangeFeed,
  Database,
  Finish,
  ImageKind,
  Omission,
  Packing,
  Part,
  Position,
  ServerInfo,
  Snapshot,
} from '../adapter.ts';
import type { SealedFrame } from '../codec/sealing.ts';
import { DbimgError } from '../errors.ts';
import type { Warning } from '../events.ts';
import { type ImageOptions, ImageWriter } from '../image/writer.ts';
import type { Store, StoreWriter } from '../store/store.ts';
import { Job, type JobOptions } from './job.ts';
import { joinSource, type LaneHome } from './lane-home.ts';
import type { SourceLane } from './lanes.ts';
import { PartList } from './parts.ts';
import { type Selection, selector } from './select.ts';
import { Throttle } from './throttle.ts';
import { TOOL } from './tool.ts';

export interface DumpJob extends JobOptions, Selection {
  readonly adapter: Adapter;
  readonly location: string;
  readonly store: Store;
  readonly jobs: number;
  readonly lanes: LaneHome;
  readonly kind: ImageKind;
  readonly schemaOnly?: boolean | undefined;
  readonly noSecrets?: boolean | undefined;
  readonly order?: 'key' | undefined;
  readonly salvage?: boolean | undefined;
  /** Kinds of omission that the caller accepts. */
  readonly allow?: readonly string[] | undefined;
  readonly lock?: boolean | undefined;
  readonly tmp?: string | undefined;
  /** Plain bytes a second, for all lanes together. */
  readonly rate?: number | undefined;
  readonly image: Pick<ImageOptions, 'level' | 'shebang' | 'encrypt' | 'sign'>;
}

export interface DumpReport {
  readonly image: string;
  readonly position: Position;
  readonly server: ServerInfo;
  readonly objects: number;
  readonly streams: number;
  readonly records: number;
  readonly bytes: number;
  readonly stored: number;
  /** With `order`, where the engine can tell. */
  readonly packing?: Packing;
  readonly omissions: readonly Omission[];
  readonly warnings: readonly Warning[];
  readonly milliseconds: number;
}

/**
 * Writes one image. When it resolves, the image is complete and in its place; when it rejects, the store holds nothing
 * of it (a pipe holds an ABORT frame that says why) and the source holds no lock, session or slot of ours.
 */
export async function dumpImage(options: DumpJob): Promise<DumpReport> {
  const job = new Job(options);
  try {
    assertPossible(options);
    await using database = await job.step('connect', () => options.adapter.connect(options.location, job));
    await using snapshot = await job.step('snapshot', () => takeSnapshot(database, options));
    const out = await options.store.create();
    try {
      const report = await writeImage(job, options, database, snapshot, out);
      await job.step('close', () => out.commit());
      return { ...report, milliseconds: job.milliseconds };
    } catch (error) {
      await out.discard();
      throw error;
    }
  } catch (error) {
    throw job.causeOf(error);
  } finally {
    job.close();
  }
}

/** @throws DbimgError `USAGE`, `UNSUPPORTED`. */
function assertPossible({ adapter, kind, order, salvage }: DumpJob): void {
  if (kind === 'physical' && (order || salvage)) {
    throw new DbimgError('USAGE', 'A physical image has the pages as they are, in their order.', {
      hint: 'Dump rows, without --physical: a restore of them packs the pages and needs no damaged ones.',
    });
  }
  if (salvage && !adapter.capabilities.salvage) {
    throw new DbimgError('UNSUPPORTED', `Damaged databases of ${adapter.name} cannot be salvaged by dbimg.`);
  }
}

function takeSnapshot(database: Database, options: DumpJob): Promise<Snapshot> {
  const selects = selector(options);
  return database.snapshot({
    kind: options.kind,
    lanes: options.jobs,
    ...(options.noSecrets ? { noSecrets: true } : {}),
    ...(options.order ? { order: options.order } : {}),
    ...(options.salvage ? { salvage: true } : {}),
    ...(options.allow ? { allow: options.allow } : {}),
    ...(options.lock ? { lock: true } : {}),
    ...(options.tmp === undefined ? {} : { tmp: options.tmp }),
    ...(selects ? { selects } : {}),
  });
}

async function writeImage(
  job: Job,
  options: DumpJob,
  database: Database,
  snapshot: Snapshot,
  out: StoreWriter,
): Promise<DumpReport> {
  const writer = await ImageWriter.create(out, {
    ...options.image,
    head: {
      kind: snapshot.kind,
      adapter: options.adapter.name,
      server: database.server,
      position: snapshot.position,
      created: new Date().toISOString(),
      tool: TOOL,
    },
  });
  // Lanes may wait for the writer while a record of another lane is unfinished: a failed job must wake them.
  job.signal.addEventListener('abort', () => void writer.abort(job.causeOf(job.signal.reason)), {
    once: true,
  });
  const dump = new Dump(job, options, snapshot, writer);
  try {
    const finish = await dump.run();
    const root = await writer.finish({ position: finish.position, omissions: snapshot.omissions() });
    const { streams, records, bytes } = root.totals;
    return {
      image: writer.image,
      position: finish.position,
      server: database.server,
      objects: dump.objects,
      streams,
      records,
      bytes,
      stored: writer.bytes,
      ...(finish.packing ? { packing: finish.packing } : {}),
      omissions: snapshot.omissions(),
      warnings: job.warnings,
      milliseconds: job.milliseconds,
    };
  } catch (error) {
    await writer.abort(job.causeOf(error));
    throw error;
  }
}

class Dump {
  readonly #job: Job;
  readonly #options: DumpJob;
  readonly #snapshot: Snapshot;
  readonly #writer: ImageWriter;
  readonly #throttle: Throttle;
  objects = 0;

  constructor(job: Job, options: DumpJob, snapshot: Snapshot, writer: ImageWriter) {
    this.#job = job;
    this.#options = options;
    this.#snapshot = snapshot;
    this.#writer = writer;
    this.#throttle = new Throttle(options.rate, job.signal);
  }

  /** Catalog, then parts with the log beside them, then the position that the image stands for. */
  async run(): Promise<Finish> {
    const job = this.#job;
    await job.step('catalog', () => this.#catalog());
    if (this.#options.schemaOnly) return await this.#snapshot.finish();
    const log = this.#snapshot.log;
    const tail = log ? this.#tail(log) : Promise.resolve();
    const lanes: SourceLane[] = [];
    try {
      return await job.step('data', async () => {
        await this.#join(lanes);
        await this.#read(lanes, this.#snapshot.parts());
        const finish = await this.#snapshot.finish();
        if (finish.parts) await this.#read(lanes, iterate(finish.parts));
        log?.stop(finish.position);
        await tail;
        job.signal.throwIfAborted();
        return finish;
      });
    } catch (error) {
      job.fail(error);
      await tail;
      throw error;
    } finally {
      await Promise.all(lanes.map((lane) => lane[Symbol.asyncDispose]()));
    }
  }

  async #catalog(): Promise<void> {
    for await (const entry of this.#snapshot.catalog()) {
      this.#job.signal.throwIfAborted();
      await this.#writer.catalog(entry);
    }
    await this.#writer.endCatalog();
  }

  async #join(lanes: SourceLane[]): Promise<void> {
    const { adapter, jobs } = this.#options;
    const source = { adapter, invitation: this.#snapshot.invitation, sealing: this.#writer.sealing };
    await this.#job.lanes(jobs, async (lane) => {
      lanes[lane] = await joinSource(this.#options.lanes, source, this.#job);
    });
  }

  async #read(lanes: readonly SourceLane[], parts: AsyncIterable<Part>): Promise<void> {
    const list = new PartList(this.#job, parts);
    try {
      await this.#job.lanes(lanes.length, async (number) => {
        const lane = lanes[number] as SourceLane;
        for (let part = await list.take(); part; part = await list.take()) {
          this.#job.lane({ lane: number, doing: 'read', object: part.open.object });
          await this.#dumpPart(lane, part);
        }
        this.#job.lane({ lane: number, doing: 'idle' });
      });
    } finally {
      await list.settled();
    }
  }

  async #dumpPart(lane: SourceLane, part: Part): Promise<void> {
    if (part.open.part === 0) this.objects += 1;
    const totals = await lane.dump(part, this.#writer.nextStream(), async (frame: SealedFrame) => {
      await this.#throttle.pass(frame.plainLength);
      this.#job.signal.throwIfAborted();
      const before = this.#writer.bytes;
      await this.#writer.write(frame);
      this.#job.advance({
        bytes: frame.plainLength,
        records: frame.records,
        stored: this.#writer.bytes - before,
      });
    });
    this.#job.object(part.open.object, totals.digest.records, totals.bytes);
  }

  /** Never rejects: a log that fails fails the job. */
  async #tail(log: ChangeFeed): Promise<void> {
    try {
      for await (const batch of log.batches()) {
        this.#job.signal.throwIfAborted();
        await this.#writer.log(log.encoding, batch);
      }
    } catch (error) {
      this.#job.fail(error);
    }
  }
}

async function* iterate<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
