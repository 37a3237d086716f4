/** Dates, times and intervals as ISO 8601, from PostgreSQL's binary and text forms. */

const MICROSECONDS_A_DAY = 86_400_000_000n;
/** Days from 1970-01-01 to 2000-01-01, where PostgreSQL begins to count. */
const EPOCH_DAYS = 10_957;
const INT32_MAX = 0x7fffffff;
const INT64_MAX = 0x7fffffffffffffffn;

/** @param days since 2000-01-01. */
export function dateFromDays(days: number): string {
  if (days === INT32_MAX) return 'infinity';
  if (days === -INT32_MAX - 1) return '-infinity';
  return civilDate(days + EPOCH_DAYS);
}

/** @param microseconds since 2000-01-01 00:00. */
export function timestampFromMicroseconds(microseconds: bigint, zone: '' | 'Z'): string {
  if (microseconds === INT64_MAX) return 'infinity';
  if (microseconds === -INT64_MAX - 1n) return '-infinity';
  const time = ((microseconds % MICROSECONDS_A_DAY) + MICROSECONDS_A_DAY) % MICROSECONDS_A_DAY;
  const days = Number((microseconds - time) / MICROSECONDS_A_DAY);
  return `${civilDate(days + EPOCH_DAYS)}T${timeFromMicroseconds(time)}${zone}`;
}

/** @param microseconds since midnight. */
export function timeFromMicroseconds(microseconds: bigint): string {
  const seconds = Number(microseconds / 1_000_000n);
  const [hours, minutes] = [Math.trunc(seconds / 3600), Math.trunc(seconds / 60) % 60];
  return `${two(hours)}:${two(minutes)}:${two(seconds % 60)}${fraction(microseconds % 1_000_000n)}`;
}

/** @param west seconds west of Greenwich, as PostgreSQL stores it. */
export function zoneFromSeconds(west: number): string {
  const seconds = Math.abs(west);
  const parts = [Math.trunc(seconds / 3600), Math.trunc(seconds / 60) % 60, seconds % 60].map(two);
  if (parts[2] === '00') parts.pop();
  return `${west <= 0 ? '+' : '-'}${parts.join(':')}`;
}

export function intervalFrom(months: number, days: number, microseconds: bigint): string {
  if (months === INT32_MAX && days === INT32_MAX && microseconds === INT64_MAX) return 'infinity';
  if (months === -INT32_MAX - 1 && days === -INT32_MAX - 1 && microseconds === -INT64_MAX - 1n)
    return '-infinity';
  const part = (value: bigint | number, unit: string): string =>
    Number(value) === 0 ? '' : `${value}${unit}`;
  const date = part(Math.trunc(months / 12), 'Y') + part(months % 12, 'M') + part(days, 'D');
  const hours = microseconds / 3_600_000_000n;
  const minutes = (microseconds / 60_000_000n) % 60n;
  const rest = microseconds % 60_000_000n;
  const sign = rest < 0n ? '-' : '';
  const absolute = rest < 0n ? -rest : rest;
  const seconds = absolute === 0n ? '' : `${sign}${absolute / 1_000_000n}${fraction(absolute % 1_000_000n)}S`;
  const time = part(hours, 'H') + part(minutes, 'M') + seconds;
  if (date === '' && time === '') return 'PT0S';
  return `P${date}${time === '' ? '' : `T${time}`}`;
}

/** Text of a date or timestamp under DateStyle ISO and TimeZone UTC. */
export function temporalFromText(text: string): string {
  const match = /^(\d+)(-\d\d-\d\d)(?: (\d\d:\d\d:\d\d(?:\.\d+)?)([+-][\d:]+)?)?( BC)?$/.exec(text);
  if (!match) return text;
  const [, year = '', day, time, zone, before] = match;
  const number = before === undefined ? Number(year) : 1 - Number(year);
  const date = `${isoYear(number)}${day}`;
  if (time === undefined) return date;
  return `${date}T${time}${zone === undefined ? '' : isoZone(zone)}`;
}

/** The other way round. */
export function textFromTemporal(iso: string): string {
  const match = /^([+-]?\d+)(-\d\d-\d\d)(?:T([\d:.]+)(Z)?)?$/.exec(iso);
  if (!match) return iso;
  const [, year = '', day, time, zone] = match;
  const number = Number(year);
  const shown = String(number > 0 ? number : 1 - number).padStart(4, '0');
  const rest = time === undefined ? '' : ` ${time}${zone === undefined ? '' : '+00'}`;
  return `${shown}${day}${rest}${number > 0 ? '' : ' BC'}`;
}

/** `+00` → `Z`, `+02` → `+02:00`. */
function isoZone(zone: string): string {
  if (/^[+-]00(:00)*$/.test(zone)) return 'Z';
  return zone.includes(':') ? zone : `${zone}:00`;
}

export function timeFromText(text: string): string {
  const match = /^([\d:.]+)([+-][\d:]+)$/.exec(text);
  if (!match) return text;
  const zone = match[2] ?? '';
  return `${match[1]}${zone.includes(':') ? zone : `${zone}:00`}`;
}

/** Text of an interval under IntervalStyle postgres. */
export function intervalFromText(text: string): string {
  if (text.endsWith('infinity')) return text;
  const unit = (name: string): number => Number(new RegExp(`([+-]?\\d+) ${name}`).exec(text)?.[1] ?? 0);
  const time = /([+-])?(\d+):(\d\d):(\d\d)(?:\.(\d+))?$/.exec(text);
  let microseconds = 0n;
  if (time) {
    const [, sign, hours = '0', minutes = '0', seconds = '0', rest = ''] = time;
    const whole = (BigInt(hours) * 60n + BigInt(minutes)) * 60n + BigInt(seconds);
    microseconds = whole * 1_000_000n + BigInt(rest.padEnd(6, '0'));
    if (sign === '-') microseconds = -microseconds;
  }
  return intervalFrom(unit('year') * 12 + unit('mon'), unit('day'), microseconds);
}

/** Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days. */
function civilDate(days: number): string {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${isoYear(year)}-${two(month)}-${two(day)}`;
}

function isoYear(year: number): string {
  const digits = String(Math.abs(year)).padStart(4, '0');
  if (year < 0) return `-${digits}`;
  return year > 9999 ? `+${digits}` : digits;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function fraction(microseconds: bigint): string {
  return microseconds === 0n ? '' : `.${String(microseconds).padStart(6, '0').replace(/0+$/, '')}`;
}
