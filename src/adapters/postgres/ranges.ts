/** Where large tables are cut: at multiples that stay where they are while the table grows. */

/** Bytes of a part, with its share of TOAST, that ranges are made for. */
const PART_BYTES = 64 * 1024 * 1024;

/** 64 MiB of blocks of 8 KiB; tables whose rows are mostly in TOAST get smaller ranges. */
const MOST_BLOCKS = 8192;
const FEWEST_BLOCKS = 16;

/** From inclusive to exclusive; undefined where the range is open. */
export interface Range<T> {
  readonly from?: T;
  readonly to?: T;
  /** Share of the table that is expected in the range. */
  readonly share: number;
}

/**
 * Ranges of blocks that cover a table; the last is open, so that no row can be missed.
 *
 * @param total bytes of the table with TOAST.
 */
export function blockRanges(blocks: number, total: number): Range<number>[] {
  if (blocks === 0) return [{ share: 1 }];
  const bytesPerBlock = Math.max(1, total / blocks);
  let step = MOST_BLOCKS;
  while (step > FEWEST_BLOCKS && step * bytesPerBlock >= 2 * PART_BYTES) step /= 2;
  return rangesOf(
    Math.ceil(blocks / step),
    (index) => index * step,
    (index) => (Math.min(blocks, (index + 1) * step) - index * step) / blocks,
  );
}

/** Ranges of an integer key, of a length that is a power of two and at multiples of it. Both ends are open. */
export function keyRanges(low: bigint, high: bigint, total: number): Range<bigint>[] {
  const wanted = BigInt(Math.max(1, Math.ceil(total / PART_BYTES)));
  let step = 1n;
  while (step * wanted < high - low + 1n) step *= 2n;
  const first = floorDivide(low, step);
  const count = Number(floorDivide(high, step) - first) + 1;
  return rangesOf(
    count,
    (index) => (first + BigInt(index)) * step,
    () => 1 / count,
  );
}

function rangesOf<T>(
  count: number,
  start: (index: number) => T,
  share: (index: number) => number,
): Range<T>[] {
  return Array.from({ length: count }, (_, index) => ({
    ...(index > 0 ? { from: start(index) } : {}),
    ...(index < count - 1 ? { to: start(index + 1) } : {}),
    share: share(index),
  }));
}

function floorDivide(a: bigint, b: bigint): bigint {
  return a / b - (a % b < 0n ? 1n : 0n);
}

/** SQL: a condition on an expression, or undefined if the range is open on both sides. */
export function rangeCondition<T>(
  range: Range<T>,
  expression: string,
  bound: (at: T) => string,
): string | undefined {
  const conditions = [
    ...(range.from === undefined ? [] : [`${expression} >= ${bound(range.from)}`]),
    ...(range.to === undefined ? [] : [`${expression} < ${bound(range.to)}`]),
  ];
  return conditions.length > 0 ? conditions.join(' AND ') : undefined;
}
