/** Where lanes live: in this thread, or each in a worker of its own. */
import type { Context } from '../adapter.ts';
import {
  LocalSourceLane,
  LocalTargetLane,
  type SourceLane,
  type SourceLaneOptions,
  type TargetLane,
  type TargetLaneOptions,
} from './lanes.ts';
import { WorkerSourceLane, WorkerTargetLane } from './worker-lanes.ts';

export type LaneHome = 'process' | 'worker';

export function joinSource(
  home: LaneHome,
  options: SourceLaneOptions,
  context: Context,
): Promise<SourceLane> {
  return home === 'worker' ? WorkerSourceLane.join(options, context) : LocalSourceLane.join(options, context);
}

export function joinTarget(
  home: LaneHome,
  options: TargetLaneOptions,
  context: Context,
): Promise<TargetLane> {
  return home === 'worker' ? WorkerTargetLane.join(options, context) : LocalTargetLane.join(options, context);
}
