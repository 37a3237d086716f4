/** The TTL monitor: it would delete documents of what is being restored before they were compared. */
import type { Context } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import type { Session } from './session.ts';

const DOING = { what: 'The TTL monitor could not be switched' };

export class TtlMonitor {
  readonly #context: Context;
  #state: 'untouched' | 'stopped' | 'out of reach' = 'untouched';

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

  /** Puts it back. Never throws. */
  async restart(session: Session): Promise<void> {
    if (this.#state !== 'stopped') return;
    this.#state = 'untouched';
    try {
      await session.command('admin', { setParameter: 1, ttlMonitorEnabled: true }, DOING);
    } catch (error) {
      this.#context.warn({
        code: 'ttl-monitor',
        message: `The TTL monitor could not be started again: ${error instanceof Error ? error.message : error}`,
        hint: 'Run db.adminCommand({setParameter: 1, ttlMonitorEnabled: true}) on every member.',
      });
    }
  }
}
