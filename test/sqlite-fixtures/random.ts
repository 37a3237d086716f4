/** Random choices that SQLite's databases need besides the common ones. */
import { Random } from '../random.ts';

export class SqliteRandom extends Random {
  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.integer(0, 255));
  }

  rowid(): bigint {
    const bits = this.integer(0, 62);
    const value = (BigInt(this.integer(0, 2 ** 31 - 1)) << 32n) | BigInt(this.integer(0, 2 ** 31 - 1));
    return BigInt.asIntN(64, (value & ((1n << BigInt(bits)) - 1n)) * (this.chance(0.3) ? -1n : 1n));
  }
}
