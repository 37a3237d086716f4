/** Dates and times as ISO 8601. What ISO cannot say (zero dates, times of more than a day) stays as it is written. */
import type { Value } from '../../core/value.ts';

const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;
const TIME = /^(\d\d):\d\d:\d\d(?:\.\d+)?$/;

export function dateValue(text: string): Value {
  return isDate(text) ? { type: 'date', value: text } : { type: 'other', name: 'date', value: text };
}

/** @param zoned of TIMESTAMP, which is read in UTC. */
export function dateTimeValue(text: string, zoned: boolean): Value {
  const [date = '', time = ''] = text.split(' ');
  if (!isDate(date) || !TIME.test(time)) {
    return { type: 'other', name: zoned ? 'timestamp' : 'datetime', value: text };
  }
  return zoned
    ? { type: 'timestamptz', value: `${date}T${time}Z` }
    : { type: 'timestamp', value: `${date}T${time}` };
}

/** TIME is a span: from -838:59:59 to 838:59:59. Most hold a time of day. */
export function timeValue(text: string): Value {
  const match = TIME.exec(text);
  return match && Number(match[1]) < 24
    ? { type: 'time', value: text }
    : { type: 'other', name: 'time', value: text };
}

/** Whether the day exists: the servers take 0000-00-00, days of month 0, and with ALLOW_INVALID_DATES February 31. */
function isDate(text: string): boolean {
  const match = DATE.exec(text);
  if (!match) return false;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  if (month < 1 || month > 12 || day < 1) return false;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
  return day <= days;
}
