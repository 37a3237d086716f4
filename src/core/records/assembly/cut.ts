// Fills the piece region with records, hashes them, and says when a piece is ready. docs/records.md has the rule.
import * as hash from './hash';
import { PIECE } from './layout';

/** What became of a record that was offered whole. */
export const DONE: i32 = 0;
/** A piece is ready, and the record is in it. */
export const READY_AFTER: i32 = 1;
/** A piece is ready, and the record is not in it: offer it again. */
export const READY_BEFORE: i32 = 2;
/** It does not fit into a piece: offer it with `begin`, `take` and `finish`. */
export const TOO_LARGE: i32 = 3;

let keep: bool = false;
let minimum: u32 = 0;
let maximum: u32 = 0;
let factor: u64 = 0;

/** Bytes in the piece region. */
let used: u32 = 0;
/** Where in it the record began that has not ended. */
let recordStart: u32 = 0;
/** The region begins inside a record. */
export let continued: bool = false;
/** Of the records that ended in the region. */
export let records: u64 = 0;
export let sumLow: u64 = 0;
export let sumHigh: u64 = 0;
/** Length of all records that have ended. */
export let bytes: u64 = 0;
/** A record has begun and not ended. */
export let inRecord: bool = false;
/** The piece that is ready: how much of the region, and whether its last record goes on. */
export let readyLength: u32 = 0;
export let readyUnfinished: bool = false;

export function open(keepRecords: bool, min: u32, target: u32, max: u32): void {
  keep = keepRecords;
  minimum = min;
  maximum = max;
  factor = 0x100000000 / <u64>target;
  used = 0;
  recordStart = 0;
  continued = false;
  records = 0;
  sumLow = 0;
  sumHigh = 0;
  bytes = 0;
  inRecord = false;
  readyLength = 0;
  readyUnfinished = false;
}

/** A whole record that lies in the input. */
export function whole(from: usize, size: u32): i32 {
  if (!keep) {
    hash.hash(from, size);
    count(size);
    return DONE;
  }
  if (used + size > maximum) {
    if (records == 0) return TOO_LARGE;
    return ready(used, false, READY_BEFORE);
  }
  hash.hashAndCopy(from, PIECE + used, size);
  used += size;
  count(size);
  return cutsAfter(size) ? ready(used, false, READY_AFTER) : DONE;
}

export function begin(): void {
  hash.begin();
  inRecord = true;
  recordStart = used;
}

/** Bytes of the record that has begun. Returns how many it took: less than `size` means that a piece is ready. */
export function take(from: usize, size: u32): u32 {
  if (!keep) {
    hash.update(from, size);
    return size;
  }
  let taken: u32 = 0;
  while (taken < size) {
    const room = min<u32>(size - taken, maximum - used);
    if (room < size - taken && records > 0) {
      ready(recordStart, false, READY_BEFORE);
      return taken;
    }
    if (room == 0) {
      ready(used, true, READY_BEFORE);
      return taken;
    }
    memory.copy(PIECE + used, from + taken, room);
    hash.update(from + taken, room);
    used += room;
    taken += room;
  }
  return taken;
}

/** Ends the record. Returns whether a piece is ready. */
export function finish(): bool {
  const size = hash.length;
  hash.finish();
  inRecord = false;
  count(size);
  if (!keep || !(size > maximum || cutsAfter(size))) return false;
  ready(used, false, READY_AFTER);
  return true;
}

/** At the end. Returns whether a piece is ready. */
export function flush(): bool {
  if (!keep || records == 0) return false;
  ready(used, false, READY_AFTER);
  return true;
}

/** The piece that was ready has been copied away. */
export function release(): void {
  const rest = used - readyLength;
  memory.copy(PIECE, PIECE + readyLength, rest);
  used = rest;
  recordStart = 0;
  continued = readyUnfinished;
  records = 0;
  sumLow = 0;
  sumHigh = 0;
}

@inline
function cutsAfter(size: u32): bool {
  return used >= minimum && (hash.h1 & 0xffffffff) < <u64>size * factor;
}

@inline
function count(size: u32): void {
  records += 1;
  bytes += size;
  const low = sumLow + hash.h1;
  sumHigh += hash.h2 + <u64>(low < sumLow);
  sumLow = low;
}

function ready(size: u32, unfinished: bool, outcome: i32): i32 {
  readyLength = size;
  readyUnfinished = unfinished;
  return outcome;
}
