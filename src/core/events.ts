/** What a running job tells its caller. All numbers are cumulative unless said otherwise. */
import type { ObjectName } from './adapter.ts';

/** Something the user should know that is no failure. */
export interface Warning {
  /** Stable, machine-readable: `omitted`, `lock-retry`, `weaker-consistency`, … */
  readonly code: string;
  readonly message: string;
  readonly object?: ObjectName;
  readonly hint?: string;
}

export type Step =
  | 'connect'
  | 'snapshot'
  | 'catalog'
  | 'prepare'
  | 'pre-data'
  | 'data'
  | 'replay'
  | 'post-data'
  | 'finish'
  | 'check'
  | 'prove'
  | 'publish'
  | 'verify'
  | 'close';

/** What one lane is doing. */
export interface LaneState {
  readonly lane: number;
  readonly doing: 'idle' | 'read' | 'load' | 'apply' | 'prove';
  readonly object?: ObjectName;
  /** For `apply`: the kind of the catalog entry. */
  readonly kind?: string;
}

export type ProgressEvent =
  | {
      readonly type: 'step';
      readonly step: Step;
      readonly state: 'begin' | 'end';
      readonly milliseconds?: number;
    }
  /** How much there is to do, as far as is known; may come again with better numbers. */
  | { readonly type: 'expect'; readonly bytes?: number; readonly records?: number; readonly entries?: number }
  | {
      readonly type: 'progress';
      /** Plain bytes of records. */
      readonly bytes: number;
      readonly records: number;
      /** Bytes in the image. */
      readonly stored: number;
      /** Post-data entries applied. */
      readonly entries: number;
    }
  | { readonly type: 'lane'; readonly lane: LaneState }
  | { readonly type: 'object'; readonly object: ObjectName; readonly records: number; readonly bytes: number }
  | { readonly type: 'warning'; readonly warning: Warning };

/** Called synchronously and often: must be quick and must not throw. */
export type Listener = (event: ProgressEvent) => void;
