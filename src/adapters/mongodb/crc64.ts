/** CRC-64/XZ: reflected, polynomial 0x42F0E1EBA9EA3693, all bits inverted before and after. Go calls its table ECMA. */

const LOW_POLYNOMIAL = 0xd7870f42;
const HIGH_POLYNOMIAL = 0xc96c5795;

/** Halves of the remainders of all bytes. */
const LOW = new Int32Array(256);
const HIGH = new Int32Array(256);
for (let byte = 0; byte < 256; byte += 1) {
  let [low, high] = [byte, 0];
  for (let bit = 0; bit < 8; bit += 1) {
    const odd = low & 1;
    low = (low >>> 1) | (high << 31);
    high >>>= 1;
    if (odd) [low, high] = [low ^ LOW_POLYNOMIAL, high ^ HIGH_POLYNOMIAL];
  }
  LOW[byte] = low;
  HIGH[byte] = high;
}

export class Crc64 {
  #low = -1;
  #high = -1;

  update(bytes: Uint8Array): void {
    let low = this.#low;
    let high = this.#high;
    for (let i = 0; i < bytes.length; i += 1) {
      const at = (low ^ (bytes[i] as number)) & 255;
      low = ((low >>> 8) | (high << 24)) ^ (LOW[at] as number);
      high = (high >>> 8) ^ (HIGH[at] as number);
    }
    this.#low = low;
    this.#high = high;
  }

  /** Of all bytes so far, as a signed 64-bit integer. */
  get value(): bigint {
    return BigInt.asIntN(64, (BigInt(~this.#high >>> 0) << 32n) | BigInt(~this.#low >>> 0));
  }
}
