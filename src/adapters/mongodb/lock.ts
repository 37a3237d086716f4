/** Keeping writers out of a stand-alone while it is read. */
import type { Context } from '../../core/adapter.ts';
import { DbimgError } from '../../core/errors.ts';
import type { Endpoint } from './location.ts';
import { Session, UNINTERRUPTED } from './session.ts';

export interface WriteLock extends AsyncDisposable {
  /** @throws DbimgError `SOURCE_CHANGED` if somebody else let writers in. */
  assertHeld(): Promise<void>;
}

/**
 * `fsync` with lock. It is counted, and not bound to a session: the one who locked must unlock, which this does however
 * the dump ends, unless the process is killed.
 *
 * @throws DbimgError `PERMISSION_DENIED`, `LOCK_TIMEOUT`
 */
export async function lockWrites(endpoint: Endpoint, context: Context): Promise<WriteLock> {
  const session = await Session.open(endpoint, { signal: UNINTERRUPTED });
  const doing = { what: 'Writers could not be kept out' };
  let locked = 0;
  try {
    context.signal.throwIfAborted();
    const reply = await session
      .command(
        'admin',
        { fsync: 1, lock: true, fsyncLockAcquisitionTimeoutMillis: context.lockTimeout },
        doing,
      )
      .catch(async (error: unknown) => {
        // Servers before 7.1 know no limit of their own.
        if (!(error instanceof DbimgError) || !/unknown field/i.test(error.message)) throw error;
        return await session.command(
          'admin',
          { fsync: 1, lock: true, maxTimeMS: context.lockTimeout },
          doing,
        );
      });
    locked = Number(reply.lockCount);
  } catch (error) {
    await session[Symbol.asyncDispose]();
    if (error instanceof DbimgError && /time limit|timed out|LockTimeout/i.test(error.message)) {
      throw new DbimgError('LOCK_TIMEOUT', error.message, {
        hint: 'Try again, or with a longer --lock-timeout.',
      });
    }
    throw error;
  }
  let released = false;
  return {
    async assertHeld() {
      const { fsyncLock } = await session.command('admin', { currentOp: 1, $ownOps: true }, doing);
      if (fsyncLock === true && locked > 0) return;
      throw new DbimgError('SOURCE_CHANGED', 'Somebody let writers in before the dump had ended.');
    },
    async [Symbol.asyncDispose]() {
      if (released) return;
      released = true;
      await session
        .command('admin', { fsyncUnlock: 1 }, { what: 'Writers could not be let in' })
        .catch((error: unknown) =>
          context.warn({
            code: 'lock-left',
            message: `The lock could not be released: ${error instanceof Error ? error.message : error}`,
            hint: 'Run db.fsyncUnlock() on the server.',
          }),
        );
      await session[Symbol.asyncDispose]();
    },
  };
}
