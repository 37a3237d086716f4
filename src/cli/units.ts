/** Sizes, counts and times as people write them: SI units, thin on digits. */
import { DbimgError } from '../core/errors.ts';

const SIZE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'] as const;

/** Bytes with three significant digits: `999 B`, `1.23 GB`. Units are powers of 1000. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes) || bytes < 0) return '?';
  let value = bytes;
  let unit = 0;
  while (unit < SIZE_UNITS.length - 1 && Number(value.toPrecision(3)) >= 1000) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 ? String(Math.round(value)) : threeDigits(value);
  return `${digits} ${SIZE_UNITS[unit]}`;
}

function threeDigits(value: number): string {
  const rounded = Number(value.toPrecision(3));
  if (rounded >= 100) return rounded.toFixed(0);
  return rounded >= 10 ? rounded.toFixed(1) : rounded.toFixed(2);
}

/** `1,234,567`. */
export function formatCount(count: number | bigint): string {
  return count.toLocaleString('en-US');
}

/** `1 row`, `2 rows`. */
export function formatNumber(count: number, one: string, many: string = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** `98.2 MB/s`. */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** Part of a whole, rounded down so that 100 % means all of it. */
export function formatPercent(fraction: number): string {
  return `${Math.floor(Math.min(1, Math.max(0, fraction)) * 100 + 1e-9)} %`;
}

/** Milliseconds as `340 ms`, `12.3 s`, `3 min 20 s`, `2 h 05 min`. */
export function formatDuration(milliseconds: number): string {
  const ms = Math.max(0, milliseconds);
  if (Math.round(ms) < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${pad(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

/** A time to wait, rounded to what an estimate is good for: `14 s`, `3 min`, `2 h 05 min`. */
export function formatEstimate(milliseconds: number): string {
  const seconds = Math.max(1, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 600) return `${Math.floor(seconds / 60)} min ${pad(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}

const SIZE_FACTORS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1e3,
  kb: 1e3,
  kib: 2 ** 10,
  m: 1e6,
  mb: 1e6,
  mib: 2 ** 20,
  g: 1e9,
  gb: 1e9,
  gib: 2 ** 30,
};

/** `500000`, `50MB`, `64MiB` in bytes. Throws `USAGE`. */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim());
  const factor = SIZE_FACTORS[match?.[2]?.toLowerCase() ?? '?'];
  const bytes = factor === undefined ? 0 : Math.round(Number(match?.[1]) * factor);
  if (bytes >= 1 && Number.isSafeInteger(bytes)) return bytes;
  throw new DbimgError('USAGE', `${JSON.stringify(text)} is not a size.`, {
    hint: 'Write bytes as a number, or with a unit: 500kB, 50MB, 64MiB, 1GB.',
  });
}

const DURATION_FACTORS: Readonly<Record<string, number>> = {
  ms: 1,
  '': 1e3,
  s: 1e3,
  min: 6e4,
  m: 6e4,
  h: 36e5,
};

/** `500ms`, `5s`, `2min`, `1h` in milliseconds; a bare number is seconds. Throws `USAGE`. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim());
  const factor = DURATION_FACTORS[match?.[2]?.toLowerCase() ?? '?'];
  const milliseconds = factor === undefined ? Number.NaN : Math.round(Number(match?.[1]) * factor);
  if (Number.isSafeInteger(milliseconds)) return milliseconds;
  throw new DbimgError('USAGE', `${JSON.stringify(text)} is not a length of time.`, {
    hint: 'Write seconds as a number, or with a unit: 500ms, 5s, 2min, 1h.',
  });
}
