/** Lanes that load chunks and build what comes after the rows. */
import type { CatalogEntry, Chunk, Context, Invitation, StreamOpen, WriteLane } from '../../core/adapter.ts';
import { EntryApplier } from './entries.ts';
import type { Product } from './facts.ts';
import { type Fit, fitEntry } from './fitting.ts';
import { applyWriteSettings } from './load-settings.ts';
import { Loader } from './loader.ts';
import type { Endpoint } from './location.ts';
import { rehomed } from './rehome.ts';
import { Session } from './session.ts';
import { scratchSchema } from './staging.ts';
import { applyForTrial, isFinal } from './trial.ts';

/** A target as its lanes know it. */
export interface TargetInvitation {
  /** Names no database. */
  readonly endpoint: Endpoint;
  readonly id: string;
  readonly product: Product;
  readonly localInfile: boolean;
  /** How the catalog is written on this server. */
  readonly fit: Fit;
  /** Databases of the image. */
  readonly databases: readonly string[];
}

export class MysqlWriteLane implements WriteLane {
  readonly #invitation: TargetInvitation;
  readonly #context: Context;
  /** One for rows, whose strings are bytes, and one for statements, which are text. */
  #rows: Session | undefined;
  #loader: Loader | undefined;
  #statements: Session | undefined;
  #applier: EntryApplier | undefined;

  constructor(invitation: Invitation, context: Context) {
    this.#invitation = invitation as unknown as TargetInvitation;
    this.#context = context;
  }

  async load(open: StreamOpen, chunk: Chunk): Promise<number> {
    this.#loader ??= await this.#openLoader();
    return await this.#loader.load(open, chunk);
  }

  async apply(entry: CatalogEntry): Promise<void> {
    this.#applier ??= await this.#openApplier();
    const { id, fit, databases } = this.#invitation;
    const schema = scratchSchema(id, entry.object[0] ?? '');
    const schemas = new Map(databases.map((database) => [database, scratchSchema(id, database)]));
    const fitted = rehomed(fitEntry(entry, fit).entry, schemas);
    if (isFinal(entry)) await applyForTrial(this.#applier, fitted, schema);
    else await this.#applier.apply(fitted, schema);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#rows?.[Symbol.asyncDispose]();
    await this.#statements?.[Symbol.asyncDispose]();
  }

  async #openLoader(): Promise<Loader> {
    const { endpoint, id, product, localInfile } = this.#invitation;
    this.#rows = await Session.open(endpoint, this.#context, { localFiles: true });
    await applyWriteSettings(this.#rows, true);
    return await Loader.open(this.#rows, {
      product,
      localInfile,
      schemaOf: (database) => scratchSchema(id, database),
    });
  }

  /** The rows are in: their session is no longer needed. */
  async #openApplier(): Promise<EntryApplier> {
    await this.#rows?.[Symbol.asyncDispose]();
    this.#rows = undefined;
    this.#loader = undefined;
    this.#statements = await Session.open(this.#invitation.endpoint, this.#context);
    await applyWriteSettings(this.#statements, false);
    return new EntryApplier(this.#statements);
  }
}
