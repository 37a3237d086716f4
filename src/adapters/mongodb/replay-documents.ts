/** Inserts, updates and deletes of an oplog, handed to the server many at once. */
import type { Document } from 'mongodb';
import { DbimgError } from '../../core/errors.ts';
import { abilitiesOf, deleteDocument, insertDocuments } from './inserting.ts';
import { namespaceOf } from './names.ts';
import type { Entry } from './oplog-entry.ts';
import { storageOf } from './place.ts';
import type { Made } from './publication.ts';
import { decodeExactly, type Element, encodeExactly, fieldOf, type Ordered } from './raw-bson.ts';
import type { Session } from './session.ts';

const BATCH_OPERATIONS = 1000;
const BATCH_BYTES = 8 * 1024 * 1024;
const DOING = { what: 'The log could not be replayed' };

export class ReplayedDocuments {
  readonly #session: Session;
  readonly #version: string;
  /** The collection of a UUID, if it is restored and not dropped. */
  readonly #find: (uuid: string | undefined, ns: string) => Made | undefined;
  #operations: Document[] = [];
  #bytes = 0;

  constructor(
    session: Session,
    version: string,
    find: (uuid: string | undefined, ns: string) => Made | undefined,
  ) {
    this.#session = session;
    this.#version = version;
    this.#find = find;
  }

  /** What belongs to no collection of the restore is left out: it was dropped later, or is not wanted. */
  async add(entry: Entry): Promise<void> {
    const made = this.#find(entry.ui, entry.ns);
    const { op, o, o2 } = entry;
    if (!made || !o) return;
    const ns = namespaceOf(storageOf(made));
    const [change, key] = [exactly(o), o2 ? exactly(o2) : undefined];
    if (change === undefined || (o2 && key === undefined)) {
      await this.flush();
      await this.#replace(made, entry, o);
      return;
    }
    this.#operations.push({ op, ns, o: change, ...(key ? { o2: key } : {}) });
    this.#bytes += o.value.length;
    if (this.#operations.length >= BATCH_OPERATIONS || this.#bytes >= BATCH_BYTES) await this.flush();
  }

  async flush(): Promise<void> {
    const applyOps = this.#operations;
    if (applyOps.length === 0) return;
    this.#operations = [];
    this.#bytes = 0;
    // One by one: together they might be too large for an entry of the target's own oplog.
    const allowAtomic = Number.parseInt(this.#version, 10) < 8 ? { allowAtomic: false } : {};
    const command = { applyOps, ...allowAtomic, bypassDocumentValidation: true };
    const { applied } = await this.#session.command('admin', command, DOING);
    if (Number(applied) < applyOps.length) {
      throw new DbimgError('MISMATCH', `The server replayed ${applied} changes of ${applyOps.length}.`);
    }
  }

  /** A document with types that the driver does not write: it is put in place as bytes. */
  async #replace(made: Made, entry: Entry, o: Element): Promise<void> {
    const { object } = made;
    const whole = entry.op !== 'u' || !fieldOf(o.value, '$v');
    const id = fieldOf(entry.o2?.value ?? o.value, '_id');
    if (!whole || !id) {
      throw new DbimgError('UNSUPPORTED', 'The log changes a document by values of deprecated types.', {
        object,
        hint: 'Dump again while nobody writes such values.',
      });
    }
    const destination = {
      ...{ object, storage: storageOf(made), buckets: made.kind === 'timeseries' },
      ...{ writeConcern: { w: 1 }, abilities: abilitiesOf(this.#version) },
    };
    await deleteDocument(this.#session, destination, id);
    if (entry.op !== 'd') await insertDocuments(this.#session, destination, o.value, 1);
  }
}

/** A document as the driver writes it; undefined if it has types that the driver does not write. */
function exactly({ value }: Element): Ordered | undefined {
  const document = decodeExactly(value);
  return encodeExactly(document).equals(value) ? document : undefined;
}
