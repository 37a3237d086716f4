/**
 * MurmurHash3_x64_128 with seed 0, in the plainest way.
 *
 * Source: Austin Appleby's MurmurHash3.cpp, public domain.
 */
const C1 = 0x87c37b91114253d5n;
const C2 = 0x4cf5ad432745937fn;

export interface RecordHash {
  readonly h1: bigint;
  readonly h2: bigint;
}

export function murmur3(bytes: Uint8Array): RecordHash {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const blocks = bytes.length >>> 4;
  let h1 = 0n;
  let h2 = 0n;
  for (let block = 0; block < blocks; block++) {
    h1 ^= scramble1(view.getBigUint64(block * 16, true));
    h1 = u64(u64(rotate(h1, 27n) + h2) * 5n + 0x52dce729n);
    h2 ^= scramble2(view.getBigUint64(block * 16 + 8, true));
    h2 = u64(u64(rotate(h2, 31n) + h1) * 5n + 0x38495ab5n);
  }
  const tail = new DataView(new ArrayBuffer(16));
  bytes.subarray(blocks * 16).forEach((byte, index) => {
    tail.setUint8(index, byte);
  });
  h1 ^= scramble1(tail.getBigUint64(0, true)) ^ BigInt(bytes.length);
  h2 ^= scramble2(tail.getBigUint64(8, true)) ^ BigInt(bytes.length);
  h1 = u64(h1 + h2);
  h2 = u64(h2 + h1);
  h1 = finish(h1);
  h2 = finish(h2);
  h1 = u64(h1 + h2);
  h2 = u64(h2 + h1);
  return { h1, h2 };
}

function scramble1(k: bigint): bigint {
  return u64(rotate(u64(k * C1), 31n) * C2);
}

function scramble2(k: bigint): bigint {
  return u64(rotate(u64(k * C2), 33n) * C1);
}

function finish(k: bigint): bigint {
  let h = k;
  h = u64((h ^ (h >> 33n)) * 0xff51afd7ed558ccdn);
  h = u64((h ^ (h >> 33n)) * 0xc4ceb9fe1a85ec53n);
  return h ^ (h >> 33n);
}

function rotate(x: bigint, bits: bigint): bigint {
  return u64(x << bits) | (x >> (64n - bits));
}

function u64(x: bigint): bigint {
  return BigInt.asUintN(64, x);
}
