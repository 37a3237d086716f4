/** The world changes while a job runs, at a known point, and the job goes on when it has changed. */
import type { Adapter } from '../../src/core/adapter.ts';

export type Point = 'joinLane.read' | 'joinWriteLane.load';

/** Does `act` once, before the nth call, and holds that and all later calls until it is done. */
export function interrupted(
  adapter: Adapter,
  point: Point,
  nth: number,
  act: () => Promise<unknown>,
): Adapter {
  let calls = 0;
  let acting: Promise<unknown> | undefined;
  const held = async (): Promise<void> => {
    calls += 1;
    if (calls === nth) acting = act();
    await acting;
  };
  return {
    ...adapter,
    joinLane: async (...join) => {
      const lane = await adapter.joinLane(...join);
      return {
        read: async (...read) => {
          if (point === 'joinLane.read') await held();
          await lane.read(...read);
        },
        [Symbol.asyncDispose]: () => lane[Symbol.asyncDispose](),
      };
    },
    joinWriteLane: async (...join) => {
      const lane = await adapter.joinWriteLane(...join);
      return {
        load: async (...load) => {
          if (point === 'joinWriteLane.load') await held();
          return await lane.load(...load);
        },
        apply: (entry) => lane.apply(entry),
        [Symbol.asyncDispose]: () => lane[Symbol.asyncDispose](),
      };
    },
  };
}
