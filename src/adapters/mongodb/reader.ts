/** Lanes that read parts: whole batches of the server go through the kernel as they came. */
import { setTimeout as sleep } from 'node:timers/promises';
import { BroadcastChannel } from 'node:worker_threads';
import type { Document } from 'mongodb';
import type { Context, FramedInput, Invitation, Part, ReadLane, RecordSink } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import type { Doing } from '../../core/server-errors.ts';
import { isSnapshotGone, isTransient, serverCode } from './errors.ts';
import { type ClusterTime, toTimestamp } from './facts.ts';
import { nameOfUuid } from './inventory.ts';
import type { Endpoint } from './location.ts';
import { namespaceOf } from './names.ts';
import type { Scope } from './parts.ts';
import { decodeExactly, documentWith, type Element, fieldOf, fromBase64, TYPE } from './raw-bson.ts';
import { type Batch, documentsIn, type RawCursor, Session } from './session.ts';

/** A snapshot as its lanes know it. */
export interface SnapshotInvitation {
  readonly endpoint: Endpoint;
  /** When all reads are to be of; absent: each is of its own moment. */
  readonly clusterTime?: ClusterTime;
  /** Whether reading may go on on another member, or at a later moment. */
  readonly resumable: boolean;
  /**
   * Whether documents are read in the order of `_id` although nobody holds them still: as they lie, one that is deleted
   * and put in anew would be met twice.
   */
  readonly ordered?: boolean;
  /** Whether the log makes up for reads at a later moment. */
  readonly late: boolean;
  readonly readConcern: 'local' | 'majority';
  /** Where a lane says that it went on at a later moment. */
  readonly channel?: string;
}

/** Bytes that a batch shall have: large ones cost memory, small ones round trips. */
const BATCH_BYTES = 4 * 1024 * 1024;
const MOST_DOCUMENTS = 1_000_000;
/** Another primary needs some seconds to be elected. */
const RETRIES = 20;
const RETRY_PAUSE = 500;
/** KeyNotFound: the document is gone behind which a scan was to go on. */
const RECORD_GONE = 211;
/** CappedPositionLost: what was to be read next has been overwritten. */
const POSITION_LOST = 136;

export class MongoReadLane implements ReadLane {
  readonly #session: Session;
  readonly #invitation: SnapshotInvitation;
  readonly #context: Context;
  /** The history that the server keeps does not reach back to the snapshot any longer: the log makes up for it. */
  #late = false;

  private constructor(session: Session, invitation: SnapshotInvitation, context: Context) {
    this.#session = session;
    this.#invitation = invitation;
    this.#context = context;
  }

  static async join(invitation: Invitation, context: Context): Promise<MongoReadLane> {
    const known = invitation as unknown as SnapshotInvitation;
    const session = await Session.open(known.endpoint, context);
    return new MongoReadLane(session, known, context);
  }

  async read(part: Part, sink: RecordSink): Promise<void> {
    const scope = part.scope as unknown as Scope;
    const { object } = part.open;
    const doing = { what: `${namespaceOf(object)} could not be read`, object };
    const reading = new Reading(scope, sink, this.#invitation.ordered ?? false);
    for (let tries = 0; ; ) {
      try {
        await this.#pass(reading, doing);
        return;
      } catch (error) {
        if (isSnapshotGone(error) && this.#goesOnLate(reading)) continue;
        if (serverCode(error) === RECORD_GONE && (await this.#stepBack(reading, doing))) continue;
        if (scope.capped && serverCode(error) === POSITION_LOST) {
          // Everything up to here has been overwritten, so all that is there now comes after it.
          reading.restart();
          continue;
        }
        if (await this.#wasMoved(error, reading)) {
          if (this.#goesOnLate(reading)) continue;
          if (++tries <= RETRIES && reading.elsewhere()) continue;
        }
        const retry = isTransient(error) && this.#invitation.resumable && reading.elsewhere();
        if (!retry || ++tries > RETRIES) throw error;
        await sleep(RETRY_PAUSE, undefined, { signal: this.#context.signal });
      }
    }
  }

  /** From where the reading stands to its end, or to an error. */
  async #pass(reading: Reading, doing: Doing): Promise<void> {
    const { uuid, database } = reading.scope;
    const checked = this.#invitation.late && uuid !== undefined;
    if (checked && !this.#atClusterTime(reading.scope)) {
      const storage = await nameOfUuid(this.#session, database, reading.storage, uuid);
      // It was dropped, which the log says too.
      if (storage === undefined) return;
      reading.storage = storage;
    }
    await using cursor = this.#session.cursor(database, doing);
    let batch = await this.#open(cursor, reading);
    // An open cursor ends when its collection gets another name. One without documents may never have had one.
    const empty = batch.id.isZero() && batch.elements.length === 0;
    if (checked && (empty || !this.#atClusterTime(reading.scope))) await this.#assertThere(reading, uuid);
    reading.opened(batch);
    if (!batch.id.isZero() && reading.wantsEnd && this.#invitation.clusterTime && !this.#late) {
      reading.end = await this.#lastPlace(reading, doing);
    }
    for (;;) {
      await reading.sink.pressure();
      const last = batch.id.isZero();
      // The server prepares the next batch while this one is walked.
      const next = last ? undefined : cursor.more();
      next?.catch(() => {});
      reading.take(batch);
      if (!next) return;
      batch = await next;
    }
  }

  async #open(cursor: RawCursor, reading: Reading): Promise<Batch> {
    return await cursor.open({ ...reading.command(), readConcern: this.#readConcern(reading.scope) });
  }

  #atClusterTime(scope: Scope): boolean {
    return this.#invitation.clusterTime !== undefined && !this.#late && !scope.capped;
  }

  #readConcern(scope: Scope): Document {
    const { clusterTime, readConcern } = this.#invitation;
    if (!clusterTime || !this.#atClusterTime(scope)) return { level: readConcern };
    return { level: 'snapshot', atClusterTime: toTimestamp(clusterTime) };
  }

  /** @throws DbimgError `SOURCE_CHANGED` if what was opened by its name has another by now. */
  async #assertThere({ scope, storage }: Reading, uuid: string): Promise<void> {
    const name = await nameOfUuid(this.#session, scope.database, storage, uuid);
    if (name === storage) return;
    throw new DbimgError('SOURCE_CHANGED', 'The collection got another name while it was read.', {
      object: [scope.database, storage],
    });
  }

  /** Whether reading failed because the collection has another name, or none, by now. */
  async #wasMoved(error: unknown, { scope, storage }: Reading): Promise<boolean> {
    const { uuid, database } = scope;
    if (!this.#invitation.late || uuid === undefined || isTransient(error)) return false;
    this.#context.signal.throwIfAborted();
    return (await nameOfUuid(this.#session, database, storage, uuid)) !== storage;
  }

  /** The record id behind which nothing lay at the snapshot's time. */
  async #lastPlace({ scope, storage }: Reading, doing: Doing): Promise<bigint | undefined> {
    const command = {
      ...{
        find: storage,
        hint: { $natural: -1 },
        limit: 1,
        showRecordId: true,
        projection: { _id: 1 },
      },
      readConcern: this.#readConcern(scope),
    };
    for await (const document of this.#session.documents(scope.database, command, doing)) {
      const place = fieldOf(document, '$recordId');
      if (place?.type === TYPE.int64) return place.value.readBigInt64LE(0);
    }
    return undefined;
  }

  /** Goes on behind the last document of those read last that is still there. */
  async #stepBack(reading: Reading, doing: Doing): Promise<boolean> {
    const { storage, scope } = reading;
    const { database } = scope;
    const $in = reading.lastIds().map(({ id }) => id);
    const command = { find: storage, filter: { _id: { $in } }, projection: { _id: 1 }, showRecordId: true };
    const places = new Map<string, bigint>();
    for await (const document of this.#session.documents(database, command, doing)) {
      const id = fieldOf(document, '_id');
      const place = fieldOf(document, '$recordId');
      if (id && place?.type === TYPE.int64) places.set(keyOf(id), place.value.readBigInt64LE(0));
    }
    return reading.goOnBehind(places);
  }

  #goesOnLate(reading: Reading): boolean {
    const { clusterTime, late, channel } = this.#invitation;
    if (!clusterTime || this.#late || !late) return false;
    this.#late = true;
    if (channel !== undefined) {
      const said = new BroadcastChannel(channel);
      said.postMessage('late');
      said.close();
    }
    reading.goOn();
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }
}

/** Where one part stands. */
class Reading {
  readonly scope: Scope;
  readonly sink: RecordSink;
  /** The name under which the documents lie now. */
  storage: string;
  readonly #input: FramedInput;
  readonly #batchSize: number | undefined;
  /** The batch that was taken last: its last document tells where to go on. */
  #last: Batch | undefined;
  /** Documents that come again after a step back. */
  #again: ReadonlySet<string> = new Set();
  /** Where the next pass begins; undefined: at the beginning. */
  #after: { readonly id: Buffer } | { readonly token: Buffer } | undefined;

  /** In the order of `_id`, without bounds. */
  #ordered: boolean;
  /** Documents come with their record ids. */
  #placed = false;
  /** What lies behind this was put in after the snapshot: the log has it. */
  end: bigint | undefined;

  constructor(scope: Scope, sink: RecordSink, ordered: boolean) {
    this.#ordered = ordered && !scope.capped;
    this.scope = scope;
    this.storage = scope.storage;
    this.sink = sink;
    this.#input = sink.framed('bson-array');
    const { mean } = scope;
    const wanted = mean === 0 ? MOST_DOCUMENTS : Math.ceil(BATCH_BYTES / mean);
    this.#batchSize = Math.max(1, Math.min(wanted, MOST_DOCUMENTS));
  }

  command(): Document {
    const { scope } = this;
    const base = { find: this.storage, batchSize: this.#batchSize, noCursorTimeout: true };
    const after = this.#after;
    if (!scope.range && !this.#ordered) {
      const resume = after && 'token' in after ? { $_resumeAfter: decodeExactly(after.token) } : {};
      const token = scope.capped ? {} : { $_requestResumeToken: true };
      const place = this.#placed ? { showRecordId: true } : {};
      return { ...base, hint: { $natural: 1 }, ...token, ...resume, ...place };
    }
    const min = after && 'id' in after ? decodeExactly(after.id) : boundOf(scope.range?.min);
    const max = boundOf(scope.range?.max);
    // Bounds of the index reach over all BSON types; comparisons in a filter do not.
    return { ...base, hint: { _id: 1 }, ...(min ? { min } : {}), ...(max ? { max } : {}) };
  }

  /** The bound of an index is inclusive: the document that was the last one comes again. */
  opened(batch: Batch): void {
    if (this.#again.size > 0) this.#passOver(batch);
    const after = this.#after;
    if (!after || !('id' in after)) return;
    const [first] = documentsIn(batch);
    const id = first && fieldOf(first, '_id');
    if (!first || !id || !documentWith([id]).equals(after.id)) return;
    const skipped = batch.elements.indexOf(0, 1) + 1 + first.length;
    Object.assign(batch, { elements: batch.elements.subarray(skipped) });
  }

  /** Whether it helps to know where the documents end that were there at the snapshot's time. */
  get wantsEnd(): boolean {
    return !this.scope.range && !this.scope.capped && !this.#ordered && this.end === undefined;
  }

  take(batch: Batch): void {
    const elements = this.#placed ? withoutPlaces(batch, this.end) : batch.elements;
    const { buffer } = this.#input;
    for (let at = 0; at < elements.length; at += buffer.length) {
      const size = Math.min(buffer.length, elements.length - at);
      buffer.set(elements.subarray(at, at + size));
      if (this.#input.feed(0, size) < size) throw noDocuments();
    }
    if (elements.length > 0) this.#last = batch;
  }

  /** The next pass goes on behind the last document that was taken. */
  goOn(): void {
    const batch = this.#last;
    if (!batch) {
      this.#ordered ||= !this.scope.range && !this.scope.capped;
      return;
    }
    if (!this.scope.range && !this.#ordered) {
      this.#placed = this.end !== undefined;
      if (!batch.resumeToken) throw new DbimgError('BUG', 'A batch came without a resume token.');
      this.#after = { token: Buffer.from(batch.resumeToken) };
      return;
    }
    let last: Buffer | undefined;
    for (const document of documentsIn(batch)) last = document;
    const id = last && fieldOf(last, '_id');
    if (id) this.#after = { id: documentWith([id]) };
  }

  /** `_id` of the documents that were taken last. */
  lastIds(): { readonly id: unknown; readonly key: string }[] {
    if (!this.#last) return [];
    return [...documentsIn(this.#last)].flatMap((document) => {
      const id = fieldOf(document, '_id');
      return id ? [{ id: decodeExactly(documentWith([id])).get('_id'), key: keyOf(id) }] : [];
    });
  }

  /** `places` are record ids by `_id`. Says whether there is one to go on behind. */
  goOnBehind(places: ReadonlyMap<string, bigint>): boolean {
    const after = this.#after;
    const limit = after && 'token' in after ? fieldOf(after.token, '$recordId') : undefined;
    if (limit?.type !== TYPE.int64) return false;
    const ids = this.lastIds();
    // What was put in anew since lies behind everything that was read.
    const last = ids.findLastIndex(({ key }) => {
      const place = places.get(key);
      return place !== undefined && place < limit.value.readBigInt64LE(0);
    });
    if (last < 0) return false;
    const value = Buffer.alloc(8);
    value.writeBigInt64LE(places.get(ids[last]?.key as string) as bigint);
    this.#after = { token: documentWith([{ ...limit, value }]) };
    this.#again = new Set(ids.slice(last + 1).map(({ key }) => key));
    return true;
  }

  /** Those that come again are the first, in whatever number they are left. */
  #passOver(batch: Batch): void {
    let end = 0;
    for (const document of documentsIn(batch)) {
      const id = fieldOf(document, '_id');
      if (!id || !this.#again.has(keyOf(id))) break;
      end = document.byteOffset + document.length - batch.elements.byteOffset;
    }
    this.#again = new Set();
    Object.assign(batch, { elements: batch.elements.subarray(end) });
  }

  restart(): void {
    this.#after = undefined;
  }

  /** Whether the next pass can go on on another member. What lies where is each member's own affair. */
  elsewhere(): boolean {
    if (this.#last && !this.scope.range && !this.#ordered) return false;
    this.goOn();
    return true;
  }
}

/** The last field of such a document: type, name, value. */
const PLACE = Buffer.from('\x12$recordId\0', 'latin1');
const PLACE_LENGTH = PLACE.length + 8;

/** The elements as they are stored, without those that lie behind `end`. */
function withoutPlaces(batch: Batch, end: bigint | undefined): Buffer {
  const kept: Buffer[] = [];
  for (const document of documentsIn(batch)) {
    const at = document.length - 1 - PLACE_LENGTH;
    if (document.indexOf(PLACE, at) !== at) throw noDocuments();
    if (end !== undefined && document.readBigInt64LE(at + PLACE.length) > end) continue;
    const stored = Buffer.alloc(at + 1);
    document.copy(stored, 0, 0, at);
    stored.writeUInt32LE(stored.length);
    kept.push(ELEMENT, stored);
  }
  return Buffer.concat(kept);
}

/** Type and key of an array's element. */
const ELEMENT = Buffer.from([TYPE.document, 0]);

function keyOf(id: Element): string {
  return `${id.type} ${id.value.toString('latin1')}`;
}

function boundOf(bound: string | undefined): Document | undefined {
  return bound === undefined ? undefined : decodeExactly(fromBase64(bound));
}

function noDocuments(): DbimgError {
  return new DbimgError('SERVER_ERROR', 'The server sent something other than documents.');
}
