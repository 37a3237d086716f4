/**
 * Digests: order-independent fingerprints of a set of records. `docs/records.md` defines the record hash.
 *
 * Equal sets of records have equal digests in whatever order and in however many parts they were read. A digest finds
 * accidents; it does not withstand somebody who wants two sets to look alike.
 */
import { DbimgError } from '../errors.ts';

export interface Digest {
  /** How many records. */
  readonly records: number;
  /** Sum of the records' 128-bit hashes, modulo 2^128. */
  readonly sum: bigint;
}

export interface DigestJSON {
  readonly records: number;
  /** 32 lower-case hexadecimal digits, most significant first. */
  readonly sum: string;
}

export const EMPTY_DIGEST: Digest = { records: 0, sum: 0n };

/** The digest of two sets together. */
export function addDigests(a: Digest, b: Digest): Digest {
  return { records: a.records + b.records, sum: BigInt.asUintN(128, a.sum + b.sum) };
}

export function equalDigests(a: Digest, b: Digest): boolean {
  return a.records === b.records && a.sum === b.sum;
}

export function digestToJSON(digest: Digest): DigestJSON {
  return { records: digest.records, sum: digest.sum.toString(16).padStart(32, '0') };
}

/** @throws DbimgError `IMAGE_DAMAGED` if `x` is not what {@link digestToJSON} writes. */
export function digestFromJSON(x: unknown): Digest {
  if (typeof x === 'object' && x !== null && 'records' in x && 'sum' in x) {
    const { records, sum } = x;
    const counted = typeof records === 'number' && Number.isSafeInteger(records) && records >= 0;
    if (counted && typeof sum === 'string' && /^[0-9a-f]{32}$/.test(sum)) {
      return { records, sum: BigInt(`0x${sum}`) };
    }
  }
  throw new DbimgError('IMAGE_DAMAGED', 'A digest in the image is not a count and 32 hexadecimal digits.', {
    hint: 'Run `dbimg verify` on the image to see what else is damaged.',
  });
}
