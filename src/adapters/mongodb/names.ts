/** Names of things in MongoDB, and of what a restore makes beside them. */
import { createHash, randomBytes } from 'node:crypto';
import type { ObjectName } from '../../core/adapter.ts';

/** Where the measurements of a time-series collection lie. */
export const BUCKETS = 'system.buckets.';
/** Functions for the server's JavaScript: a system collection that users fill. */
export const FUNCTIONS = 'system.js';
/** Definitions of views. */
export const VIEWS = 'system.views';

/** Names of what a restore in progress makes, by which `doctor` finds what one left that was killed. */
export const SCRATCH: RegExp = /^(?:system\.buckets\.)?dbimg_[0-9a-f]{8}_[0-9a-f]{16}$/;

export function newRun(): string {
  return randomBytes(4).toString('hex');
}

/** The same for every lane, which has nothing but the name to go by. */
export function scratchName(run: string, object: ObjectName): string {
  const hash = createHash('sha256').update(JSON.stringify(object)).digest('hex').slice(0, 16);
  return `dbimg_${run}_${hash}`;
}

export function databaseOf(object: ObjectName): string {
  return object[0] as string;
}

export function collectionOf(object: ObjectName): string {
  return object[1] as string;
}

/** `shop.orders`, as the server calls it. */
export function namespaceOf(object: ObjectName): string {
  return `${databaseOf(object)}.${collectionOf(object)}`;
}
