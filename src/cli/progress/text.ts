/** The words of progress, shared by the terminal and the plain lines. */
import type { LaneState } from '../../core/events.ts';
import { displayName } from '../names.ts';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatEstimate,
  formatNumber,
  formatPercent,
  formatRate,
} from '../units.ts';
import type { ProgressState } from './state.ts';

/** What there is to say of the present step: share, bytes, rows, rate, time left; or how long it has been going. */
export function formatFigures(state: ProgressState, now: number): string[] {
  const figures: string[] = [];
  const { fraction } = state;
  if (fraction !== undefined) figures.push(formatPercent(fraction));
  if (state.step === 'post-data') {
    const of = state.expectedEntries === undefined ? '' : ` of ${formatCount(state.expectedEntries)}`;
    figures.push(`${formatCount(state.entries)}${of} objects`);
  }
  if (!state.moving) {
    figures.push(formatDuration(now - state.stepBegan));
    return figures;
  }
  // What a text holds is not known before its end: nothing is expected then.
  const of = state.expectedBytes ? ` of ${formatBytes(state.expectedBytes)}` : '';
  figures.push(`${formatBytes(state.bytes)}${of}`, formatNumber(state.records, 'row'));
  const rate = state.rate(now);
  if (rate !== undefined) figures.push(formatRate(rate));
  const left = state.timeLeft(now);
  if (left !== undefined) figures.push(`${formatEstimate(left)} left`);
  return figures;
}

/** What a lane does: `load   public.orders`, `apply  index public.orders_pkey`. */
export function formatLane(lane: LaneState): string {
  if (lane.doing === 'idle' || !lane.object) return lane.doing;
  return `${lane.doing.padEnd(5)}  ${lane.kind ? `${printableKind(lane.kind)} ` : ''}${displayName(lane.object)}`;
}

function printableKind(kind: string): string {
  return displayName([kind]);
}
