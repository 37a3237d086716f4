/** Work that has to be brought to its end although the primary changes meanwhile. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isTransient } from './errors.ts';

/** An election takes some seconds. */
const RETRIES = 60;
const RETRY_PAUSE = 500;

/** Tries until it succeeds or fails for another reason. `again` says that an earlier try may have been carried out. */
export async function persist<T>(work: (again: boolean) => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await work(tries > 0);
    } catch (error) {
      if (!isTransient(error) || tries >= RETRIES) throw error;
      await sleep(RETRY_PAUSE);
    }
  }
}
