/** What crosses between the engine and a lane in a worker thread. Everything here is structured-clone data. */
import type { CatalogEntry, Invitation, ObjectName, Part } from '../adapter.ts';
import type { SealedFrame, Sealing } from '../codec/sealing.ts';
import type { Warning } from '../events.ts';
import type { Opening, StoredFrame } from '../image/frame-opener.ts';
import type { TargetChunk } from './lanes.ts';

/** How a worker begins: which adapter to load and which side to join. */
export type WorkerSetup = {
  /** URL of the module that exports `adapter`. */
  readonly module: string;
  readonly invitation: Invitation;
  readonly lockTimeout: number;
} & (
  | { readonly side: 'source'; readonly sealing: Sealing | undefined }
  /** `source` is the URL of the module of the adapter that wrote the image, if it is another one. */
  | { readonly side: 'target'; readonly opening: Opening; readonly source: string | undefined }
);

/** To the worker. One of `dump`, `digest`, `load` and `apply` at a time, each answered by `done` or `failed`. */
export type ToWorker =
  | { readonly do: 'dump'; readonly part: Part; readonly stream: number }
  | { readonly do: 'digest'; readonly part: Part }
  | { readonly do: 'load'; readonly chunk: TargetChunk }
  | { readonly do: 'apply'; readonly entry: CatalogEntry }
  /** The answer to `frame`: it was taken, the next may come. */
  | { readonly do: 'taken' }
  /** The answer to `more`. */
  | { readonly do: 'frame'; readonly frame: StoredFrame | undefined }
  | { readonly do: 'abort'; readonly reason: ErrorData }
  | { readonly do: 'stop' };

export type FromWorker =
  | { readonly say: 'ready' }
  | { readonly say: 'frame'; readonly frame: SealedFrame }
  | { readonly say: 'more' }
  | { readonly say: 'warn'; readonly warning: Warning }
  | { readonly say: 'done'; readonly result: unknown }
  | { readonly say: 'failed'; readonly error: ErrorData };

export interface ErrorData {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly object?: ObjectName;
}
