/** Lanes that read parts of a snapshot. */
import type { Context, Framing, Invitation, Part, ReadLane, RecordSink } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { identifier } from './catalog/quoting.ts';
import { postgresError, sqlState } from './errors.ts';
import { poolerError, readFacts } from './facts.ts';
import { scopeOf } from './parts.ts';
import { Session } from './session.ts';
import { READ_SETTINGS, settingStatement } from './settings.ts';
import type { SnapshotInvitation } from './snapshot.ts';

/** Encoding of an OPEN frame → format of COPY and framing of the kernel. */
const FORMATS: Readonly<Record<string, { readonly format: string; readonly framing: Framing }>> = {
  'pg.copy.binary': { format: 'binary', framing: 'pg-copy-binary' },
  'pg.copy.text': { format: 'text', framing: 'pg-copy-text' },
};

export class PostgresReadLane implements ReadLane {
  readonly #session: Session;

  private constructor(session: Session) {
    this.#session = session;
  }

  /** @throws DbimgError `POOLER_IN_BETWEEN` if the session cannot see the snapshot. */
  static async join(invitation: Invitation, context: Context): Promise<PostgresReadLane> {
    const { endpoint, snapshot, identity } = invitation as unknown as SnapshotInvitation;
    const session = await Session.open(endpoint, context);
    try {
      await importSnapshot(session, snapshot);
      const facts = await readFacts(session);
      if (facts.identity !== identity) {
        throw poolerError('The lanes of this dump reached different servers, which share no snapshot.');
      }
      await session.query(settingStatement(READ_SETTINGS, true));
      return new PostgresReadLane(session);
    } catch (error) {
      await session[Symbol.asyncDispose]();
      throw error;
    }
  }

  async read(part: Part, sink: RecordSink): Promise<void> {
    const { open } = part;
    const format = FORMATS[open.encoding];
    if (!format) throw new DbimgError('UNSUPPORTED', `PostgreSQL gives no records as ${open.encoding}.`);
    const copy = `COPY ${scopeOf(part).source} TO STDOUT (FORMAT ${format.format})`;
    const encoding = open.settings?.client_encoding ?? 'UTF8';
    // Our statements are UTF-8; only the rows travel in the encoding of the database.
    const around = (name: string): string => `SET LOCAL client_encoding TO ${identifier(name)}`;
    const statement = encoding === 'UTF8' ? copy : `${around(encoding)}; ${copy}; ${around('UTF8')}`;
    await this.#session.copyOut(statement, sink, format.framing, {
      what: `${open.object.slice(1).join('.')} could not be read`,
      object: open.object,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }
}

async function importSnapshot(session: Session, snapshot: string): Promise<void> {
  try {
    await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    await session.query(`SET TRANSACTION SNAPSHOT '${snapshot}'`);
  } catch (error) {
    const state = sqlState(error);
    if (state !== '22023' && state !== '42704' && state !== '55000' && state !== '0A000') {
      throw postgresError(error, { what: 'A lane could not join the snapshot' });
    }
    throw poolerError('A session of this dump cannot see the snapshot of the first one.', error);
  }
}
