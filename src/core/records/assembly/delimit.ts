// Records of length-encoded values as lines of text: values end with a tab, lines with a line feed, backslashes escape.
// Lines go to the piece region, which this use of an instance has for itself.
import { MAX_RECORD, PIECE } from './layout';

/** What `delimit` returns. */
const ALL: i32 = 0;
const BAD_VALUE: i32 = 1;

const TAB: u8 = 0x09;
const LINE_FEED: u8 = 0x0a;
/** `\N` */
const NULL_TEXT: u16 = 0x4e5c;
/** First bytes that are no length: NULL, a length in two bytes, in three, in eight; the last is none at all. */
const NULL: u32 = 0xfb;
const TWO: u32 = 0xfc;
const THREE: u32 = 0xfd;
const EIGHT: u32 = 0xfe;

let columns: u32 = 0;
/** Values of the record that have ended. */
let column: u32 = 0;
/** Bytes of the length that are to come, and where the next belongs in it. */
let due: u32 = 0;
let shift: u64 = 0;
let length: u64 = 0;
/** Bytes of the value that are to come. */
let left: u32 = 0;
let out: usize = PIECE;
let ended: u32 = 0;

export function openLines(values: u32): void {
  columns = values;
  column = 0;
  due = 0;
  left = 0;
  ended = 0;
}

/** Inside a record, or in a value of one. */
export function insideLine(): bool {
  return column > 0 || due > 0 || left > 0;
}

/** Bytes that the last call wrote from PIECE on. */
export function linesLength(): u32 {
  return <u32>(out - PIECE);
}

/** Lines that have ended since `openLines`. */
export function linesEnded(): u32 {
  return ended;
}

/** Each byte gives at most three. Reads and writes up to 16 bytes beyond the end. */
export function delimit(from: usize, to: usize): i32 {
  out = PIECE;
  while (from < to) {
    if (left == 0 && due == 0) from = shortValues(from, to);
    if (from == to) break;
    if (left > 0) {
      const size = min<u32>(left, <u32>(to - from));
      out = escape(from, size, out);
      from += size;
      left -= size;
      if (left == 0) endValue();
      continue;
    }
    const byte: u32 = load<u8>(from);
    from += 1;
    if (due > 0) {
      length |= <u64>byte << shift;
      shift += 8;
      due -= 1;
      if (due > 0) continue;
      if (length > <u64>MAX_RECORD) return BAD_VALUE;
      left = <u32>length;
      if (left == 0) endValue();
    } else if (byte < NULL) {
      left = byte;
    } else {
      if (byte > EIGHT) return BAD_VALUE;
      due = byte == TWO ? 2 : byte == THREE ? 3 : 8;
      shift = 0;
      length = 0;
    }
  }
  return ALL;
}

/** Values whose length is one byte, as long as they lie whole in the input. Returns where the first other begins. */
function shortValues(from: usize, to: usize): usize {
  let target = out;
  let inLine = column;
  let lines = ended;
  while (from < to) {
    const byte: u32 = load<u8>(from);
    if (byte < NULL) {
      if (byte >= <u32>(to - from)) break;
      from += 1;
      const block = v128.load(from);
      v128.store(target, block);
      const found: u32 = i8x16.bitmask(special(block));
      if (byte <= 16 && (found & ((<u32>1 << byte) - 1)) == 0) target += byte;
      else target = escape(from, byte, target);
      from += byte;
    } else if (byte == NULL) {
      store<u16>(target, NULL_TEXT);
      target += 2;
      from += 1;
    } else {
      break;
    }
    inLine += 1;
    const last = inLine == columns;
    store<u8>(target, select<u8>(LINE_FEED, TAB, last));
    inLine = select<u32>(0, inLine, last);
    lines += <u32>last;
    target += 1;
  }
  out = target;
  column = inLine;
  ended = lines;
  return from;
}

function endValue(): void {
  column += 1;
  const last = column == columns;
  store<u8>(out, last ? LINE_FEED : TAB);
  out += 1;
  if (!last) return;
  column = 0;
  ended += 1;
}

/** Sixteen bytes at a time as they are, up to the first that needs an escape. Returns where the text ends. */
function escape(from: usize, size: u32, target: usize): usize {
  while (size > 0) {
    const block = v128.load(from);
    v128.store(target, block);
    let found: u32 = i8x16.bitmask(special(block));
    if (size < 16) found &= (<u32>1 << size) - 1;
    if (found == 0) {
      if (size <= 16) break;
      from += 16;
      target += 16;
      size -= 16;
      continue;
    }
    const before: u32 = ctz<u32>(found);
    store<u16>(target + before, 0x5c | (letter(load<u8>(from + before)) << 8));
    from += before + 1;
    target += before + 2;
    size -= before + 1;
  }
  return target + size;
}

/** The bytes that are NUL, tab, line feed or backslash: each is found by its low four bits in a table of sixteen. */
@inline
function special(block: v128): v128 {
  const table = v128(0, 0, 0, 0, 0, 0, 0, 0, 0, 0x09, 0x0a, 0, 0x5c, 0, 0, 0);
  return i8x16.eq(i8x16.swizzle(table, v128.and(block, i8x16.splat(0x0f))), block);
}

/** `0`, `t`, `n` or the backslash itself. */
@inline
function letter(byte: u8): u16 {
  if (byte == 0) return 0x30;
  if (byte == TAB) return 0x74;
  return byte == LINE_FEED ? 0x6e : byte;
}
