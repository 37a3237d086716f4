/** Reads a database back and compares it with an image, object by object, by digest. */
import type { Adapter, ObjectName, Part, Snapshot } from '../adapter.ts';
import { addDigests, type Digest, EMPTY_DIGEST, equalDigests } from '../records/digest.ts';
import type { Job } from './job.ts';
import { joinSource, type LaneHome } from './lane-home.ts';
import type { SourceLane } from './lanes.ts';
import type { ObjectTotals } from './totals.ts';

/** How an object in a database differs from the image. */
export interface Difference {
  readonly object: ObjectName;
  /** `missing` here, `extra` here, or other `records`, or as many records of other `content`. */
  readonly kind: 'missing' | 'extra' | 'records' | 'content';
  readonly imageRecords?: number;
  readonly databaseRecords?: number;
}

export interface Proof {
  readonly objects: number;
  readonly records: number;
  readonly differing: readonly Difference[];
}

export interface ProofOptions {
  readonly adapter: Adapter;
  readonly snapshot: Snapshot;
  readonly jobs: number;
  readonly lanes: LaneHome;
}

/** One object being read: how many of its parts are outstanding, and their sum so far. */
interface Reading {
  readonly expected: ObjectTotals;
  outstanding: number;
  digest: Digest;
}

interface PartJob {
  readonly part: Part;
  readonly reading: Reading;
}

/** All lanes work on one large object together, as in a dump. */
export async function prove(
  job: Job,
  options: ProofOptions,
  expected: AsyncIterable<ObjectTotals>,
): Promise<Proof & { readonly seen: ReadonlySet<string> }> {
  const proof = new Prover(options.snapshot, expected);
  const source = { adapter: options.adapter, invitation: options.snapshot.invitation };
  const lanes: SourceLane[] = [];
  try {
    await job.lanes(options.jobs, async (number) => {
      const lane = await joinSource(options.lanes, source, job);
      lanes.push(lane);
      for (let next = await proof.take(); next; next = await proof.take()) {
        job.lane({ lane: number, doing: 'prove', object: next.part.open.object });
        const totals = await lane.digest(next.part);
        job.advance({ bytes: totals.bytes, records: totals.digest.records });
        proof.add(next.reading, totals.digest);
      }
      job.lane({ lane: number, doing: 'idle' });
    });
  } finally {
    await Promise.all(lanes.map((lane) => lane[Symbol.asyncDispose]()));
  }
  return { objects: proof.objects, records: proof.records, differing: proof.differing, seen: proof.seen };
}

class Prover {
  readonly differing: Difference[] = [];
  /** Names, as the database has them, of the objects that were compared. */
  readonly seen: Set<string> = new Set<string>();
  objects = 0;
  records = 0;
  readonly #jobs: AsyncGenerator<PartJob>;
  /** Lanes take turns: a generator is pulled by one of them at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(snapshot: Snapshot, expected: AsyncIterable<ObjectTotals>) {
    this.#jobs = this.#plan(snapshot, expected);
  }

  async take(): Promise<PartJob | undefined> {
    const next = this.#turn.then(() => this.#jobs.next());
    this.#turn = next.catch(() => {});
    const result = await next;
    return result.done ? undefined : result.value;
  }

  add(reading: Reading, digest: Digest): void {
    reading.digest = addDigests(reading.digest, digest);
    this.#finishPart(reading);
  }

  async *#plan(snapshot: Snapshot, expected: AsyncIterable<ObjectTotals>): AsyncGenerator<PartJob> {
    for await (const totals of expected) {
      this.objects += 1;
      // The plan itself counts as a part, so that an object is not judged before its last part is known.
      const reading: Reading = { expected: totals, outstanding: 1, digest: EMPTY_DIGEST };
      let parts = 0;
      for await (const part of snapshot.partsOf(totals.open)) {
        parts += 1;
        reading.outstanding += 1;
        this.seen.add(JSON.stringify(part.open.object));
        yield { part, reading };
      }
      if (parts === 0) {
        this.differing.push({
          object: totals.open.object,
          kind: 'missing',
          imageRecords: totals.digest.records,
        });
      } else {
        this.#finishPart(reading);
      }
    }
  }

  #finishPart(reading: Reading): void {
    reading.outstanding -= 1;
    if (reading.outstanding > 0) return;
    const { open, digest } = reading.expected;
    this.records += reading.digest.records;
    if (equalDigests(digest, reading.digest)) return;
    this.differing.push({
      object: open.object,
      kind: digest.records === reading.digest.records ? 'content' : 'records',
      imageRecords: digest.records,
      databaseRecords: reading.digest.records,
    });
  }
}
