/**
 * Replaying an oplog onto collections that grow beside. The log begins before the first document was read, so what it
 * changes may show the change already: every step gives the same whether it was taken before or not.
 */

import type { ChangeSource } from '../../core/adapter.ts';
import { ByteSpool, type Extent } from '../../core/engine/byte-spool.ts';
import { DbimgError } from '../../core/errors.ts';
import { commandOf, type Entry, entryOf, operationsIn, principalKindOf } from './oplog-entry.ts';
import type { Principals } from './principals.ts';
import { fieldOf, numberOf, sequenceOf, timestampOf } from './raw-bson.ts';
import type { ReplayedDefinitions } from './replay-definitions.ts';
import type { ReplayedDocuments } from './replay-documents.ts';

/** Kinds of entries that change no document and no definition. */
const SILENT = new Set(['n', 'xi', 'cd', 'ci', 'cu', 'km']);
/** Commands that are only the beginning of something, or of the server's own storage. */
const SILENT_COMMANDS = new Set(['startIndexBuild', 'abortIndexBuild', 'setMultikeyMetadata', 'dropIdent']);

/** A transaction whose end has not come: where its operations are kept. */
type OpenTransaction = Extent[];

export interface Replayed {
  readonly documents: ReplayedDocuments;
  readonly definitions: ReplayedDefinitions;
  readonly principals: Pick<Principals, 'change'>;
}

export class Replay implements AsyncDisposable {
  readonly #documents: ReplayedDocuments;
  readonly #definitions: ReplayedDefinitions;
  readonly #principals: Replayed['principals'];
  readonly #spool: ByteSpool;
  readonly #open = new Map<string, OpenTransaction>();

  constructor({ documents, definitions, principals }: Replayed, tmp?: string) {
    this.#documents = documents;
    this.#definitions = definitions;
    this.#principals = principals;
    this.#spool = new ByteSpool(tmp);
  }

  /** Replays everything up to and including `until`. */
  async run(changes: ChangeSource, until: bigint): Promise<void> {
    for await (const { bytes } of changes.batches()) {
      for (const document of sequenceOf(bytes)) {
        const entry = entryOf(document);
        if (entry.time > until) {
          await this.#documents.flush();
          return;
        }
        await this.#take(entry);
      }
    }
    await this.#documents.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#spool[Symbol.asyncDispose]();
  }

  async #take(entry: Entry): Promise<void> {
    if (SILENT.has(entry.op)) return;
    if (entry.op !== 'c') {
      await this.#change(entry);
      return;
    }
    const command = commandOf(entry.o);
    switch (command) {
      case 'applyOps':
        await this.#operations(entry);
        break;
      case 'commitTransaction':
        await this.#commit(entry);
        break;
      case 'abortTransaction':
        this.#open.delete(transactionOf(entry));
        break;
      default:
        if (SILENT_COMMANDS.has(command)) return;
        await this.#documents.flush();
        await this.#definitions.apply(entry, command);
    }
  }

  async #change(entry: Entry): Promise<void> {
    if (this.#definitions.isOfViews(entry)) this.#definitions.view(entry);
    else if (principalKindOf(entry.ns)) this.#principals.change(entry);
    else await this.#documents.add(entry);
  }

  /** Of a transaction that goes on they are kept until it is committed. */
  async #operations(entry: Entry): Promise<void> {
    const { o } = entry;
    if (!o) return;
    const key = transactionOf(entry);
    const flag = (name: string): boolean => Boolean(numberOf(fieldOf(o.value, name)));
    if (flag('partialTxn') || flag('prepare')) {
      const kept = this.#open.get(key) ?? [];
      if (kept.length === 0 && follows(entry)) throw headless();
      this.#open.set(key, kept);
      const operations = [...operationsIn(o)];
      if (operations.length > 0) kept.push(await this.#spool.append(Buffer.concat(operations)));
      return;
    }
    if (this.#open.has(key)) await this.#release(key);
    else if (follows(entry)) throw headless();
    for (const operation of operationsIn(o)) await this.#take(nested(operation, entry));
  }

  async #commit(entry: Entry): Promise<void> {
    const key = transactionOf(entry);
    if (!this.#open.has(key)) throw headless();
    await this.#release(key);
  }

  async #release(key: string): Promise<void> {
    const kept = this.#open.get(key) ?? [];
    this.#open.delete(key);
    for (const extent of kept) {
      for (const operation of sequenceOf(await this.#spool.read(extent))) {
        await this.#take(entryOf(operation));
      }
    }
  }
}

/** Operations inside of an entry have the session of their entry. */
function nested(operation: Uint8Array, outer: Entry): Entry {
  return { ...entryOf(operation), time: outer.time };
}

/** By session and number. */
function transactionOf({ fields }: Entry): string {
  const hex = (key: string): string => fields.find((field) => field.key === key)?.value.toString('hex') ?? '';
  return `${hex('lsid')} ${hex('txnNumber')}`;
}

/** Whether entries of the same transaction came before. */
function follows({ fields, o }: Entry): boolean {
  const previous = fields.find(({ key }) => key === 'prevOpTime');
  if (!previous || fields.some(({ key }) => key === 'multiOpType') || !o) return false;
  return (timestampOf(fieldOf(previous.value, 'ts')) ?? 0n) > 0n;
}

function headless(): DbimgError {
  return new DbimgError('LOG_GAP', 'The log holds the end of a transaction and not its beginning.', {
    hint: 'Dump again while no transaction of that size is open, or let the user read config.transactions (role backup).',
  });
}
