// MurmurHash3_x64_128 with seed 0: of a record that lies in one place, and of one that comes in pieces.
import { TAIL } from './layout';

const C1: u64 = 0x87c37b91114253d5;
const C2: u64 = 0x4cf5ad432745937f;

/** The result, and between pieces the state. */
export let h1: u64 = 0;
export let h2: u64 = 0;
/** Bytes hashed since `begin`. */
export let length: u32 = 0;
/** How many of them lie in TAIL, short of a block. */
let held: u32 = 0;

/** Reads up to 16 bytes beyond the end. */
export function hash(from: usize, size: u32): void {
  run(from, 0, size, false);
}

/** The same, and copies the bytes. Writes up to 16 bytes beyond the end. */
export function hashAndCopy(from: usize, to: usize, size: u32): void {
  run(from, to, size, true);
}

export function begin(): void {
  h1 = 0;
  h2 = 0;
  length = 0;
  held = 0;
}

export function update(from: usize, size: u32): void {
  length += size;
  if (held > 0) {
    const fill = min<u32>(16 - held, size);
    memory.copy(TAIL + held, from, fill);
    held += fill;
    if (held < 16) return;
    blocks(TAIL, TAIL + 16);
    held = 0;
    from += fill;
    size -= fill;
  }
  const end = from + (size & ~15);
  blocks(from, end);
  held = size & 15;
  memory.copy(TAIL, end, held);
}

export function finish(): void {
  finalize(h1, h2, TAIL, length, 0, false);
}

@inline
function scramble1(k: u64): u64 {
  return rotl<u64>(k * C1, 31) * C2;
}

@inline
function scramble2(k: u64): u64 {
  return rotl<u64>(k * C2, 33) * C1;
}

function blocks(from: usize, end: usize): void {
  let a = h1;
  let b = h2;
  while (from < end) {
    a = (rotl<u64>(a ^ scramble1(load<u64>(from)), 27) + b) * 5 + 0x52dce729;
    b = (rotl<u64>(b ^ scramble2(load<u64>(from, 8)), 31) + a) * 5 + 0x38495ab5;
    from += 16;
  }
  h1 = a;
  h2 = b;
}

@inline
function run(from: usize, to: usize, size: u32, copy: bool): void {
  let a: u64 = 0;
  let b: u64 = 0;
  const end = from + (size & ~15);
  while (from < end) {
    const k1 = load<u64>(from);
    const k2 = load<u64>(from, 8);
    if (copy) {
      store<u64>(to, k1);
      store<u64>(to, k2, 8);
      to += 16;
    }
    a = (rotl<u64>(a ^ scramble1(k1), 27) + b) * 5 + 0x52dce729;
    b = (rotl<u64>(b ^ scramble2(k2), 31) + a) * 5 + 0x38495ab5;
    from += 16;
  }
  finalize(a, b, from, size, to, copy);
}

@inline
function finalize(a: u64, b: u64, tail: usize, size: u32, to: usize, copy: bool): void {
  const k1 = load<u64>(tail);
  const k2 = load<u64>(tail, 8);
  if (copy) {
    store<u64>(to, k1);
    store<u64>(to, k2, 8);
  }
  // Shift counts are taken modulo 64, so lengths of 0, 8 and 16 need their own masks.
  const bits: u64 = <u64>(size & 15) << 3;
  const rest: u64 = (<u64>1 << (bits & 63)) - 1;
  a ^= scramble1(k1 & select<u64>(rest, ~0, bits < 64)) ^ <u64>size;
  b ^= scramble2(k2 & select<u64>(0, rest, bits < 64)) ^ <u64>size;
  a += b;
  b += a;
  a = mix(a);
  b = mix(b);
  a += b;
  h1 = a;
  h2 = b + a;
}

@inline
function mix(k: u64): u64 {
  k = (k ^ (k >> 33)) * 0xff51afd7ed558ccd;
  k = (k ^ (k >> 33)) * 0xc4ceb9fe1a85ec53;
  return k ^ (k >> 33);
}
