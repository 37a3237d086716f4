// The per-record loop: walks a framing, strips its headers, hands each record on to be hashed and cut.
// Compiled by src/core/records/build.mjs into src/core/records/kernel.wasm.ts.
import * as cut from './cut';
import * as hash from './hash';
import { HEAD, MAX_RECORD } from './layout';

export { delimit, insideLine, linesEnded, linesLength, openLines } from './delimit';
export { HEAD, INPUT, INPUT_SIZE, PIECE, PIECE_SIZE } from './layout';

// What `feed`, `append` and `flush` return. Faults are FAULT plus a number of src/core/records/faults.ts.
const ALL: i32 = 0;
const FOREIGN: i32 = 1;
/** A piece is ready: copy it, `release`, and call again from `position` on. */
const PIECE_READY: i32 = 2;
/** A piece is ready: copy it and `release`. */
const PIECE_READY_AT_END: i32 = 3;
const FAULT: i32 = 16;
const TOO_SHORT: i32 = FAULT + 1;
const TOO_LONG: i32 = FAULT + 2;
const BAD_SIGNATURE: i32 = FAULT + 3;
const BAD_FLAGS: i32 = FAULT + 4;
const BAD_EXTENSION: i32 = FAULT + 5;
const EMPTY_PACKET: i32 = FAULT + 6;

const COPY_TEXT: i32 = 1;
const COPY_BINARY: i32 = 2;
const MYSQL: i32 = 3;
const BSON_ARRAY: i32 = 5;

const COPY_DATA: u8 = 0x64;
const COPY_HEADER: u32 = 19;
const FULL_PACKET: u32 = 0xffffff;
/** Type of a BSON element whose value is a document. */
const EMBEDDED: u8 = 3;

// Where in a message the walk stands.
const BOUNDARY: i32 = 0;
const HEADER: i32 = 1;
const COPY_HEAD: i32 = 2;
const EXTENSION: i32 = 3;
const MAYBE_TRAILER: i32 = 4;
const PAYLOAD: i32 = 5;
const KEY: i32 = 6;

let framing: i32 = 0;
let state: i32 = BOUNDARY;
/** Bytes collected in HEAD. */
let have: u32 = 0;
/** Bytes of the message that are still to come. */
let left: u32 = 0;
let extension: u32 = 0;
/** The record goes on in the next packet. */
let goesOn: bool = false;
/** A binary COPY header must come first in the next message. */
let headerDue: bool = false;
let at: usize = 0;

export function open(keep: bool, min: u32, target: u32, max: u32): void {
  cut.open(keep, min, target, max);
  setFraming(0);
}

export function setFraming(number: i32): void {
  framing = number;
  state = BOUNDARY;
  have = 0;
  left = 0;
  goesOn = false;
  headerDue = number == COPY_BINARY;
}

/** How far `feed` or `append` came. */
export function position(): usize {
  return at;
}

/** After FOREIGN: how many bytes before `position` belong to what begins there. They lie in HEAD. */
export function held(): u32 {
  const held = have;
  have = 0;
  return held;
}

export function inside(): bool {
  return state != BOUNDARY || cut.inRecord;
}

export function sumLow(): u64 {
  return cut.sumLow;
}

export function sumHigh(): u64 {
  return cut.sumHigh;
}

export function records(): f64 {
  return <f64>cut.records;
}

export function bytes(): f64 {
  return <f64>cut.bytes;
}

export function readyLength(): u32 {
  return cut.readyLength;
}

export function readyUnfinished(): bool {
  return cut.readyUnfinished;
}

export function continued(): bool {
  return cut.continued;
}

export function release(): void {
  cut.release();
}

export function flush(): i32 {
  return cut.flush() ? PIECE_READY_AT_END : ALL;
}

export function append(from: usize, to: usize, last: bool): i32 {
  at = from;
  const size = <u32>(to - from);
  if (!cut.inRecord) {
    const outcome = last ? cut.whole(from, size) : cut.TOO_LARGE;
    if (outcome == cut.READY_BEFORE) return PIECE_READY;
    if (outcome != cut.TOO_LARGE) return outcome == cut.DONE ? ALL : PIECE_READY_AT_END;
    cut.begin();
  }
  if (hash.length + size > MAX_RECORD) return TOO_LONG;
  at += cut.take(from, size);
  if (at < to) return PIECE_READY;
  return last && cut.finish() ? PIECE_READY_AT_END : ALL;
}

export function feed(from: usize, to: usize): i32 {
  at = from;
  while (at < to) {
    const atBoundary = state == BOUNDARY && !cut.inRecord && !headerDue;
    let code = atBoundary ? wholeMessages(to) : ALL;
    if (code == ALL && at < to) code = step(to);
    if (code != ALL) return code;
  }
  return ALL;
}

/** Messages that lie whole in the input, until one does not, or is out of the ordinary. */
function wholeMessages(to: usize): i32 {
  if (framing <= COPY_BINARY) return wholeCopyData(to);
  if (framing == MYSQL) return wholePackets(to);
  return framing == BSON_ARRAY ? wholeElements(to) : wholeDocuments(to);
}

function wholeCopyData(to: usize): i32 {
  while (at + 5 <= to && load<u8>(at) == COPY_DATA) {
    const size = bswap<u32>(load<u32>(at, 1));
    if (size - 4 > <u32>(to - at) - 5) return ALL;
    if (size == 6 && framing == COPY_BINARY && load<u16>(at, 5) == 0xffff) return ALL;
    const outcome = cut.whole(at + 5, size - 4);
    if (outcome >= cut.READY_BEFORE) return outcome == cut.READY_BEFORE ? PIECE_READY : ALL;
    at += 1 + size;
    if (outcome != cut.DONE) return PIECE_READY;
  }
  return ALL;
}

function wholePackets(to: usize): i32 {
  while (at + 5 <= to) {
    const size = load<u32>(at) & FULL_PACKET;
    if (size - 1 > <u32>(to - at) - 5 || load<u8>(at, 4) >= 0xfe) return ALL;
    const outcome = cut.whole(at + 4, size);
    if (outcome >= cut.READY_BEFORE) return outcome == cut.READY_BEFORE ? PIECE_READY : ALL;
    at += 4 + size;
    if (outcome != cut.DONE) return PIECE_READY;
  }
  return ALL;
}

function wholeDocuments(to: usize): i32 {
  while (at + 5 <= to) {
    const size = load<u32>(at);
    if (size - 5 > <u32>(to - at) - 5) return ALL;
    const outcome = cut.whole(at, size);
    if (outcome >= cut.READY_BEFORE) return outcome == cut.READY_BEFORE ? PIECE_READY : ALL;
    at += size;
    if (outcome != cut.DONE) return PIECE_READY;
  }
  return ALL;
}

function wholeElements(to: usize): i32 {
  while (at + 7 <= to && load<u8>(at) == EMBEDDED) {
    let document = at + 2;
    while (document < to && load<u8>(document - 1) != 0) document += 1;
    if (document + 5 > to || load<u8>(document - 1) != 0) return ALL;
    const size = load<u32>(document);
    if (size - 5 > <u32>(to - document) - 5) return ALL;
    const outcome = cut.whole(document, size);
    if (outcome >= cut.READY_BEFORE) return outcome == cut.READY_BEFORE ? PIECE_READY : ALL;
    at = document + size;
    if (outcome != cut.DONE) return PIECE_READY;
  }
  return ALL;
}

/** Goes on by what the input holds of the current part of a message. */
function step(to: usize): i32 {
  if (state <= HEADER) {
    if (framing <= COPY_BINARY) return copyDataHeader(to);
    if (framing == MYSQL) return packetHeader(to);
    return framing == BSON_ARRAY && state == BOUNDARY ? elementType() : documentHeader(to);
  }
  if (state == KEY) return elementKey(to);
  if (state == COPY_HEAD) return copyHeader(to);
  if (state == MAYBE_TRAILER) return maybeTrailer(to);
  if (state == EXTENSION) {
    const skipped = min<u32>(extension, <u32>(to - at));
    at += skipped;
    extension -= skipped;
    return extension == 0 ? afterCopyHeader() : ALL;
  }
  return payload(to);
}

/** Collects bytes in HEAD until it has `need`. */
function collect(to: usize, need: u32): bool {
  const size = min<u32>(need - have, <u32>(to - at));
  memory.copy(HEAD + have, at, size);
  have += size;
  at += size;
  return have == need;
}

function copyDataHeader(to: usize): i32 {
  if (have == 0 && load<u8>(at) != COPY_DATA) return FOREIGN;
  state = HEADER;
  if (!collect(to, 5)) return ALL;
  have = 0;
  const size = bswap<u32>(load<u32>(HEAD, 1));
  if (size < 4) return TOO_SHORT;
  if (size > MAX_RECORD) return TOO_LONG;
  left = size - 4;
  if (!headerDue) return copyRow();
  if (left < COPY_HEADER) return BAD_SIGNATURE;
  state = COPY_HEAD;
  return ALL;
}

function copyHeader(to: usize): i32 {
  if (!collect(to, COPY_HEADER)) return ALL;
  have = 0;
  left -= COPY_HEADER;
  // "PGCOPY\n\377" and "\r\n\0"
  if (load<u64>(HEAD) != 0xff0a59504f434750 || (load<u32>(HEAD, 8) & 0xffffff) != 0x0a0d) return BAD_SIGNATURE;
  if (load<u32>(HEAD, 11) != 0) return BAD_FLAGS;
  extension = bswap<u32>(load<u32>(HEAD, 15));
  if (extension > left) return BAD_EXTENSION;
  left -= extension;
  headerDue = false;
  state = EXTENSION;
  if (extension > 0) return ALL;
  return afterCopyHeader();
}

/** A header may be all that its message holds. */
function afterCopyHeader(): i32 {
  if (left > 0) return copyRow();
  state = BOUNDARY;
  return ALL;
}

function copyRow(): i32 {
  if (left == 2 && framing == COPY_BINARY) {
    state = MAYBE_TRAILER;
    return ALL;
  }
  return startRecord();
}

function maybeTrailer(to: usize): i32 {
  const before = have;
  if (!collect(to, 2)) return ALL;
  let outcome = cut.DONE;
  if (load<u16>(HEAD) == 0xffff) {
    headerDue = true;
  } else {
    outcome = cut.whole(HEAD, 2);
    if (outcome == cut.READY_BEFORE) {
      at -= have - before;
      have = before;
      return PIECE_READY;
    }
  }
  have = 0;
  left = 0;
  state = BOUNDARY;
  return outcome == cut.DONE ? ALL : PIECE_READY;
}

function packetHeader(to: usize): i32 {
  state = HEADER;
  if (!collect(to, 4)) return ALL;
  const size = load<u32>(HEAD) & FULL_PACKET;
  if (!cut.inRecord) {
    if (size == 0) return EMPTY_PACKET;
    if (at == to) return ALL;
    const first = load<u8>(at);
    if (first == 0xff || (first == 0xfe && size < FULL_PACKET)) {
      state = BOUNDARY;
      return FOREIGN;
    }
    cut.begin();
  }
  if (hash.length + size > MAX_RECORD) return TOO_LONG;
  have = 0;
  left = size;
  goesOn = size == FULL_PACKET;
  state = PAYLOAD;
  return left == 0 ? endMessage() : ALL;
}

function elementType(): i32 {
  if (load<u8>(at) != EMBEDDED) return FOREIGN;
  at += 1;
  state = KEY;
  return ALL;
}

/** Keys of an array are its indexes, and say nothing. */
function elementKey(to: usize): i32 {
  while (at < to && state == KEY) {
    if (load<u8>(at) == 0) state = HEADER;
    at += 1;
  }
  return ALL;
}

/** The length is part of the record, so it goes both ways. */
function documentHeader(to: usize): i32 {
  if (!cut.inRecord) cut.begin();
  state = HEADER;
  const size = min<u32>(4 - have, <u32>(to - at));
  const taken = cut.take(at, size);
  memory.copy(HEAD + have, at, taken);
  have += taken;
  at += taken;
  if (taken < size) return PIECE_READY;
  if (have < 4) return ALL;
  have = 0;
  const length = load<u32>(HEAD);
  if (length < 5) return TOO_SHORT;
  if (length > MAX_RECORD) return TOO_LONG;
  left = length - 4;
  state = PAYLOAD;
  return ALL;
}

function startRecord(): i32 {
  cut.begin();
  state = PAYLOAD;
  return left == 0 ? endMessage() : ALL;
}

function payload(to: usize): i32 {
  const size = min<u32>(left, <u32>(to - at));
  const taken = cut.take(at, size);
  at += taken;
  left -= taken;
  if (taken < size) return PIECE_READY;
  return left == 0 ? endMessage() : ALL;
}

function endMessage(): i32 {
  state = BOUNDARY;
  if (goesOn) return ALL;
  return cut.finish() ? PIECE_READY : ALL;
}
