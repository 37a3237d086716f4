/** From an image into a database: beside, checked, and visible in one moment at the end. */
import type {
  Adapter,
  CatalogEntry,
  Check,
  ImageSummary,
  Omission,
  Plan,
  Position,
  RenameRule,
  Target,
} from '../adapter.ts';
import type { Keys } from '../codec/keys.ts';
import { DbimgError } from '../errors.ts';
import type { Warning } from '../events.ts';
import { FRAME, kindOf, type StoredFrame } from '../image/frame.ts';
import { ImageReader } from '../image/reader.ts';
import type { Registry } from '../registry.ts';
import type { Store, StoreReader } from '../store/store.ts';
import { CapturedLog } from './captured-log.ts';
import { Crossing, type CrossingReport } from './crossing.ts';
import { EarlyEntries } from './early.ts';
import { Job, type JobOptions, type StepTime } from './job.ts';
import type { LaneHome } from './lane-home.ts';
import { Loader } from './loader.ts';
import { PostData } from './post-data.ts';
import { prove } from './prove.ts';
import { Review } from './review.ts';
import { type Selection, Wanted } from './select.ts';

export interface RestoreJob extends JobOptions, Selection {
  readonly registry: Registry;
  readonly store: Store;
  readonly target: string;
  readonly jobs: number;
  readonly lanes: LaneHome;
  readonly keys: Keys;
  readonly replace?: boolean | undefined;
  readonly create?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
  readonly prove?: boolean | undefined;
  readonly trust?: boolean | undefined;
  readonly noSecrets?: boolean | undefined;
  readonly analyze: boolean;
  readonly rename?: readonly RenameRule[] | undefined;
  readonly keepUuids?: boolean | undefined;
  readonly tmp?: string | undefined;
}

export interface RestoreReport {
  readonly image: string;
  readonly position: Position;
  readonly objects: number;
  readonly records: number;
  readonly bytes: number;
  /** With a log to replay, what was loaded is proven before: afterwards it is what the image alone does not say. */
  readonly proven?: { readonly objects: number; readonly records: number; readonly beforeReplay?: true };
  /** Changes of the image's log that were replayed. */
  readonly replayed?: { readonly changes: number };
  readonly plan?: Plan;
  /** What became of the image's tables, if it is of another engine. */
  readonly crossing?: CrossingReport;
  readonly checks: readonly Check[];
  readonly omissions: readonly Omission[];
  readonly warnings: readonly Warning[];
  readonly milliseconds: number;
  readonly steps: readonly StepTime[];
}

/** Catalog entries are handed to the target in batches of at most so many. */
const BATCH = 200;

/** When it resolves, the new state is visible; when it rejects, the target is as it was. */
export async function restoreImage(options: RestoreJob): Promise<RestoreReport> {
  const job = new Job(options);
  let store: StoreReader | undefined;
  try {
    store = await options.store.open();
    const reader = await ImageReader.open(store.stream(true), options.keys);
    const adapter = await options.registry.forLocation(options.target, reader.head.adapter);
    if (options.rename?.length && !adapter.capabilities.rename) throw cannotRename(adapter);
    const source = await options.registry.named(reader.head.adapter);
    const crossing =
      source.name === adapter.name ? undefined : new Crossing(source, adapter, summaryOf(reader));
    await using database = await job.step('connect', () => adapter.connect(options.target, job));
    await using target = await database.target({
      lanes: options.jobs,
      analyze: options.analyze,
      ...(options.replace ? { replace: true } : {}),
      ...(options.create ? { create: true } : {}),
      ...(options.trust ? { trust: true } : {}),
      ...(options.noSecrets ? { noSecrets: true } : {}),
      ...(options.rename?.length ? { rename: options.rename } : {}),
      ...(options.keepUuids ? { keepUuids: true } : {}),
      ...(options.tmp === undefined ? {} : { tmp: options.tmp }),
    });
    // To its target an image of another engine is one of its own.
    const summary = crossing
      ? { ...summaryOf(reader), adapter: adapter.name, server: database.server }
      : summaryOf(reader);
    return await new Restore(job, options, { adapter, target, reader, summary, crossing }).run();
  } catch (error) {
    throw job.causeOf(error);
  } finally {
    await store?.close();
    job.close();
  }
}

/** What a restore works with. */
interface Places {
  readonly adapter: Adapter;
  readonly target: Target;
  readonly reader: ImageReader;
  readonly summary: ImageSummary;
  readonly crossing: Crossing | undefined;
}

class Restore {
  readonly #job: Job;
  readonly #options: RestoreJob;
  readonly #adapter: Adapter;
  readonly #target: Target;
  readonly #reader: ImageReader;
  readonly #summary: ImageSummary;
  readonly #crossing: Crossing | undefined;
  readonly #wanted: Wanted;
  readonly #postData: PostData;
  readonly #early: EarlyEntries | undefined;
  readonly #log: CapturedLog;
  #batch: CatalogEntry[] = [];
  #checks: readonly Check[] = [];

  constructor(job: Job, options: RestoreJob, { adapter, target, reader, summary, crossing }: Places) {
    this.#job = job;
    this.#options = options;
    this.#adapter = adapter;
    this.#target = target;
    this.#reader = reader;
    this.#summary = summary;
    this.#crossing = crossing;
    this.#wanted = new Wanted(options);
    this.#postData = new PostData(options.tmp);
    const early = crossing ? undefined : target.applyEarly?.bind(target);
    this.#early = early && new EarlyEntries(job, early, this.#postData);
    this.#log = new CapturedLog(reader.opening, options.tmp);
  }

  async run(): Promise<RestoreReport> {
    if (this.#options.dryRun) return this.#report({ plan: await this.#plan() });
    await using loader = new Loader(this.#job, {
      adapter: this.#adapter,
      target: this.#target,
      crossing: this.#crossing,
      opening: this.#reader.opening,
      jobs: this.#options.jobs,
      lanes: this.#options.lanes,
      keepTotals: this.#options.prove === true,
      tmp: this.#options.tmp,
      onLoaded: (open) => this.#early?.loaded(open),
    });
    await using _spool = this.#postData;
    await using _log = this.#log;
    let published = false;
    try {
      await this.#job.step('prepare', () => this.#target.prepare(this.#summary));
      await this.#load(loader);
      await this.#early?.close();
      this.#job.signal.throwIfAborted();
      await this.#target.loaded?.();
      const early = this.#replays && this.#options.prove ? await this.#prove(loader) : undefined;
      if (this.#replays) await this.#replay();
      await this.#complete(loader);
      const late = !this.#replays && this.#options.prove ? await this.#prove(loader) : undefined;
      const proven = early ? { ...early, beforeReplay: true as const } : late;
      await loader[Symbol.asyncDispose]();
      await this.#job.step('publish', () => this.#target.publish());
      published = true;
      return this.#report({ loader, ...(proven ? { proven } : {}) });
    } catch (error) {
      const cause = this.#job.causeOf(error);
      this.#job.fail(cause);
      await this.#early?.close();
      await loader[Symbol.asyncDispose]();
      if (!published) await this.#target.abandon(cause);
      throw cause;
    }
  }

  /** What the target says of the image's head, and of its catalog if it wants to see that. */
  async #plan(): Promise<Plan> {
    const plan = await this.#target.plan(this.#summary);
    const frames = this.#reader.frames()[Symbol.asyncIterator]();
    if (!this.#target.review) {
      // What the tables would become is part of the answer.
      if (this.#crossing) await this.#entries(frames, async () => {});
      return plan;
    }
    await using review = new Review(this.#target, this.#options.tmp);
    await this.#entries(frames, (entry) => review.add(entry));
    await review.end();
    const fits = (obstacle: boolean) =>
      review.findings.filter(({ level }) => (level === 'obstacle') === obstacle);
    return {
      steps: [...plan.steps, ...fits(false).map(({ what }) => what)],
      obstacles: [...plan.obstacles, ...fits(true)],
    };
  }

  /** Reads the image once, from its first frame to its footer. */
  async #load(loader: Loader): Promise<void> {
    const frames = this.#reader.frames()[Symbol.asyncIterator]();
    const first = await this.#job.step('pre-data', () => this.#catalog(frames));
    await this.#job.step('data', async () => {
      await loader.start();
      try {
        for (let next = first; !next.done; next = await frames.next()) await this.#frame(loader, next.value);
      } catch (error) {
        this.#job.fail(error);
      }
      await loader.drain();
    });
  }

  /**
   * Applies pre-data as it arrives, or once the target has seen the whole catalog, and keeps the rest. Returns the first
   * frame that is not of the catalog.
   */
  async #catalog(frames: AsyncIterator<StoredFrame>): Promise<IteratorResult<StoredFrame>> {
    if (!this.#target.review) {
      const next = await this.#entries(frames, (entry) => this.#take(entry));
      await this.#apply();
      return next;
    }
    await using review = new Review(this.#target, this.#options.tmp);
    const next = await this.#entries(frames, async (entry) => {
      await review.add(entry);
      if (entry.phase !== 'pre-data') await this.#take(entry);
    });
    await review.end();
    review.assertFits();
    for (const { level, what, hint } of review.findings) {
      if (level === 'warning')
        this.#job.warn({ code: 'target', message: what, ...(hint === undefined ? {} : { hint }) });
    }
    for await (const entry of review.preData()) await this.#take(entry);
    await this.#apply();
    return next;
  }

  /** Hands on the entries that are wanted, as the target's own. Returns the first frame that is not of the catalog. */
  async #entries(
    frames: AsyncIterator<StoredFrame>,
    take: (entry: CatalogEntry) => Promise<void>,
  ): Promise<IteratorResult<StoredFrame>> {
    for (;;) {
      const next = await frames.next();
      if (next.done || next.value.type !== FRAME.CATALOG) {
        for (const entry of this.#crossing?.translate() ?? []) await take(entry);
        return next;
      }
      for await (const entry of this.#reader.entries(next.value)) {
        this.#job.signal.throwIfAborted();
        if (!this.#wanted.entry(entry)) continue;
        if (this.#crossing) this.#crossing.take(entry);
        else await take(entry);
      }
    }
  }

  async #take(entry: CatalogEntry): Promise<void> {
    if (entry.phase !== 'pre-data') {
      const deferred = await this.#postData.add(entry);
      this.#early?.note(entry, deferred);
      return;
    }
    this.#early?.note(entry, undefined);
    this.#batch.push(entry);
    if (this.#batch.length >= BATCH) await this.#apply();
  }

  async #apply(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    if (batch.length > 0) await this.#target.apply(batch);
  }

  async #frame(loader: Loader, frame: StoredFrame): Promise<void> {
    this.#job.signal.throwIfAborted();
    switch (frame.type) {
      case FRAME.OPEN: {
        const open = await this.#reader.openOf(frame);
        loader.open(frame.stream, open, this.#wanted.stream(open));
        break;
      }
      case FRAME.DATA:
        await loader.data(frame);
        break;
      case FRAME.LOG:
        // What was loaded is not one moment before the log was replayed.
        void this.#early?.close();
        await this.#log.add(frame);
        break;
      case FRAME.CLOSE:
        await loader.close(frame.stream, await this.#reader.totalsOf(frame));
        break;
      default:
        throw new DbimgError(
          'UNSUPPORTED',
          `This dbimg cannot restore ${kindOf(frame.type).toUpperCase()} frames.`,
          {
            hint: 'The image is an increment; a newer dbimg restores it.',
          },
        );
    }
  }

  /** Whether what was loaded is one moment only together with the log. Known at the end of the image. */
  get #replays(): boolean {
    return !this.#log.empty && this.#reader.root?.logUnneeded !== true;
  }

  async #replay(): Promise<void> {
    const { root } = this.#reader;
    const target = this.#target;
    if (this.#crossing || !target.replay || !root) {
      throw new DbimgError('UNSUPPORTED', 'The image holds a log, which this target cannot replay.', {
        hint: `Restore it into ${this.#reader.head.server.product} first.`,
      });
    }
    const { position } = root;
    await this.#job.step(
      'replay',
      async () =>
        await target.replay?.(this.#log, { type: 'position', position }, (object) =>
          this.#wanted.object(object),
        ),
    );
  }

  async #complete(loader: Loader): Promise<void> {
    await this.#job.step('post-data', () => this.#postData.apply(this.#job, loader.lanes));
    await this.#job.step('finish', () => this.#postData.finish(this.#target));
    this.#checks = await this.#job.step('check', () => this.#target.check());
    const failed = this.#checks.find((check) => !check.passed);
    if (failed) {
      throw new DbimgError(
        'MISMATCH',
        `The check "${failed.name}" failed${failed.detail ? `: ${failed.detail}` : '.'}`,
      );
    }
  }

  async #prove(loader: Loader): Promise<{ objects: number; records: number }> {
    return await this.#job.step('prove', async () => {
      await using snapshot = await this.#target.reread();
      const { adapter, jobs, lanes } = { adapter: this.#adapter, ...this.#options };
      const proof = await prove(this.#job, { adapter, snapshot, jobs, lanes }, loader.totals());
      const [first] = proof.differing;
      if (first) {
        throw new DbimgError(
          'MISMATCH',
          `What was restored is not what the image holds: ${first.kind} differ.`,
          {
            object: first.object,
            hint: 'Nothing was published. Please report this: it should never happen.',
          },
        );
      }
      return { objects: proof.objects, records: proof.records };
    });
  }

  #report(done: {
    loader?: Loader;
    plan?: Plan;
    proven?: NonNullable<RestoreReport['proven']>;
  }): RestoreReport {
    const { head, root } = this.#reader;
    return {
      image: head.image,
      position: root?.position ?? head.position,
      objects: done.loader?.objects ?? 0,
      records: done.loader?.records ?? 0,
      bytes: done.loader?.bytes ?? 0,
      ...(done.proven ? { proven: done.proven } : {}),
      ...(done.loader && this.#replays ? { replayed: { changes: this.#log.records } } : {}),
      ...(done.plan ? { plan: done.plan } : {}),
      checks: this.#checks,
      ...(this.#crossing ? { crossing: this.#crossing.report() } : {}),
      omissions: [...(root?.omissions ?? []), ...(this.#crossing?.omissions ?? [])],
      warnings: this.#job.warnings,
      milliseconds: this.#job.milliseconds,
      steps: this.#job.steps,
    };
  }
}

function cannotRename(adapter: Adapter): DbimgError {
  return new DbimgError(
    'UNSUPPORTED',
    `Objects of ${adapter.name} cannot get other names while they are restored.`,
    {
      hint: 'Leave --rename out, and rename them afterwards.',
    },
  );
}

function summaryOf(reader: ImageReader): ImageSummary {
  const { image, kind, adapter, server, position } = reader.head;
  return { image, kind, adapter, server, position };
}
