/** Checks every byte of an image, and whether a live database still equals it. */

import type { Adapter, StreamOpen } from '../adapter.ts';
import { freeMemory } from '../chunk-memory.ts';
import type { Keys } from '../codec/keys.ts';
import { DbimgError } from '../errors.ts';
import { FRAME, type StoredFrame } from '../image/frame.ts';
import { FrameOpener } from '../image/frame-opener.ts';
import { ImageReader } from '../image/reader.ts';
import type { Registry } from '../registry.ts';
import type { Store, StoreReader } from '../store/store.ts';
import { Job, type JobOptions } from './job.ts';
import type { LaneHome } from './lane-home.ts';
import { type Difference, prove } from './prove.ts';
import { type Selection, selector } from './select.ts';
import { ImageTotals } from './totals.ts';

export interface VerifyJob extends JobOptions, Selection {
  readonly registry: Registry;
  readonly store: Store;
  readonly keys: Keys;
  readonly jobs: number;
  readonly lanes: LaneHome;
  /** A live database to compare with. */
  readonly against?: string | undefined;
  readonly tmp?: string | undefined;
}

export interface VerifyReport {
  readonly image: string;
  readonly complete: true;
  readonly signed: boolean;
  readonly encrypted: boolean;
  readonly streams: number;
  readonly frames: number;
  readonly records: number;
  readonly bytes: number;
  readonly stored: number;
  readonly against?: { readonly equal: number; readonly differing: readonly Difference[] };
  readonly milliseconds: number;
}

/** Frames that are decompressed and hashed at once. */
const AHEAD = 8;

/** Rejects with the first damage found; resolves only if every byte of the image is accounted for. */
export async function verifyImage(options: VerifyJob): Promise<VerifyReport> {
  const job = new Job(options);
  let store: StoreReader | undefined;
  try {
    store = await options.store.open();
    const reader = await ImageReader.open(store.stream(true), options.keys);
    const against = options.against === undefined ? undefined : await rival(options, options.against, reader);
    await using totals = new ImageTotals(options.tmp);
    const frames = await job.step('verify', () => readThrough(job, reader, against ? totals : undefined));
    const { root } = reader;
    if (!root) throw new TypeError('a reader that ended without an error has a root');
    return {
      image: reader.head.image,
      complete: true,
      signed: reader.head.publicKey !== undefined,
      encrypted: reader.head.cipher !== undefined,
      streams: root.totals.streams,
      frames,
      records: root.totals.records,
      bytes: root.totals.bytes,
      stored: reader.bytes,
      ...(against ? { against: await compare(job, options, against, reader, totals) } : {}),
      milliseconds: job.milliseconds,
    };
  } catch (error) {
    throw job.causeOf(error);
  } finally {
    await store?.close();
    job.close();
  }
}

/** Opens every frame; a few at a time, because decompression runs beside this thread. Returns their number. */
async function readThrough(job: Job, reader: ImageReader, totals: ImageTotals | undefined): Promise<number> {
  const opener = new FrameOpener(reader.opening);
  const open = new Map<number, StreamOpen>();
  const running: Promise<void>[] = [];
  let frames = 0;
  const check = async (frame: StoredFrame): Promise<void> => {
    const plain = await opener.open(frame);
    job.advance({ bytes: frame.plainLength, records: frame.records, stored: frame.storedLength });
    if (plain !== frame.payload) freeMemory(plain);
    freeMemory(frame.payload);
  };
  for await (const frame of reader.frames()) {
    job.signal.throwIfAborted();
    frames += 1;
    if (totals && frame.type === FRAME.OPEN) open.set(frame.stream, await reader.openOf(frame));
    if (totals && frame.type === FRAME.CLOSE) {
      await totals.add(open.get(frame.stream) as StreamOpen, await reader.totalsOf(frame));
      open.delete(frame.stream);
    }
    const checking = check(frame);
    checking.catch(() => {});
    running.push(checking);
    if (running.length >= AHEAD) await running.shift();
  }
  await Promise.all(running);
  return frames;
}

/** What the image is compared with. */
interface Rival {
  readonly adapter: Adapter;
  readonly location: string;
}

/** Known before the image is read: records of two engines are never equal, whatever they mean. */
async function rival(options: VerifyJob, location: string, { head }: ImageReader): Promise<Rival> {
  const adapter = await options.registry.forLocation(location, head.adapter);
  if (adapter.name === head.adapter) return { adapter, location };
  throw new DbimgError(
    'UNSUPPORTED',
    `An image of ${head.adapter} cannot be compared with a database of ${adapter.name}: their records differ.`,
    { hint: 'Restore it there with --prove, which compares what was written with what is read back.' },
  );
}

async function compare(
  job: Job,
  options: VerifyJob,
  { adapter, location }: Rival,
  reader: ImageReader,
  totals: ImageTotals,
): Promise<{ equal: number; differing: readonly Difference[] }> {
  const { root } = reader;
  if (root && root.totals.log > 0 && root.logUnneeded !== true) {
    throw new DbimgError(
      'UNSUPPORTED',
      'The image holds a log that is still to be replayed: its rows alone are no state of a database.',
      {
        hint: 'Restore it with --prove, which compares what was loaded before the log is replayed.',
      },
    );
  }
  const selects = selector(options);
  await using database = await job.step('connect', () => adapter.connect(location, job));
  const { kind } = reader.head;
  await using snapshot = await job.step('snapshot', () =>
    database.snapshot({ kind, lanes: options.jobs, ...(selects ? { selects } : {}) }),
  );
  return await job.step('prove', async () => {
    const { jobs, lanes } = options;
    const proof = await prove(job, { adapter, snapshot, jobs, lanes }, chosen(totals, selects));
    const extra: Difference[] = [];
    for await (const part of snapshot.parts()) {
      const { object } = part.open;
      if (part.open.part === 0 && !proof.seen.has(JSON.stringify(object)))
        extra.push({ object, kind: 'extra' });
    }
    return { equal: proof.objects - proof.differing.length, differing: [...proof.differing, ...extra] };
  });
}

async function* chosen(
  totals: ImageTotals,
  selects: ReturnType<typeof selector>,
): ReturnType<ImageTotals['values']> {
  for await (const object of totals.values()) {
    if (!selects || selects(object.open.of ?? object.open.object)) yield object;
  }
}
