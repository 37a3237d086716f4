/** The TTL monitor: it would delete documents of what is being restored before they were compared. */
import type { Context } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import { isTransient } from './errors.ts';
import { memberEndpoint } from './location.ts';
import { Session, UNINTERRUPTED } from './session.ts';

const DOING = { what: 'The TTL monitor could not be switched' };

export class TtlMonitor {
  readonly #context: Context;
  #state: 'untouched' | 'stopped' | 'out of reach' = 'untouched';
  /** The member on which it was stopped: each has its own. Stand-alones do not say. */
  #host: string | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Stops it, once. Who may not is told what can happen. */
  async stop(session: Session): Promise<void> {
    if (this.#state !== 'untouched') return;
    this.#state = 'out of reach';
    try {
      const { ttlMonitorEnabled } = await session.command(
        'admin',
        { getParameter: 1, ttlMonitorEnabled: 1 },
        DOING,
      );
      if (ttlMonitorEnabled !== true) return;
      this.#host = (await session.command('admin', { hello: 1 }, DOING)).me;
      this.#state = 'stopped';
      await session.command('admin', { setParameter: 1, ttlMonitorEnabled: false }, DOING);
    } catch (error) {
      this.#state = this.#state === 'stopped' ? 'stopped' : 'out of reach';
      if (!(error instanceof DbimgError) || error.code !== 'PERMISSION_DENIED') throw error;
      this.#state = 'out of reach';
      this.#context.warn({
        code: 'ttl-monitor',
        message:
          'The TTL monitor keeps running: documents that have expired may go before they are compared.',
        hint: 'Stopping it needs the role hostManager or clusterAdmin in admin.',
      });
    }
  }

  /** Puts it back. Throws only what may succeed when it is tried again. */
  async restart(session: Session): Promise<void> {
    if (this.#state !== 'stopped') return;
    try {
      const { me } = await session.command('admin', { hello: 1 }, DOING);
      await (me === this.#host ? start(session) : this.#startThere(session));
    } catch (error) {
      if (isTransient(error)) throw error;
      this.#context.warn({
        code: 'ttl-monitor',
        message: `The TTL monitor could not be started again: ${error instanceof Error ? error.message : error}`,
        hint: `Run db.adminCommand({setParameter: 1, ttlMonitorEnabled: true}) on ${this.#host ?? 'the server'}.`,
      });
    }
    this.#state = 'untouched';
  }

  /** It is not the primary any longer. */
  async #startThere(session: Session): Promise<void> {
    const endpoint = memberEndpoint(session.endpoint, this.#host ?? '');
    if (!endpoint) throw new DbimgError('CONNECT_FAILED', `${this.#host} is not the primary any longer.`);
    await using member = await Session.open(endpoint, { signal: UNINTERRUPTED });
    await start(member);
  }
}

async function start(session: Session): Promise<void> {
  await session.command('admin', { setParameter: 1, ttlMonitorEnabled: true }, DOING);
}
