/**
 * Numbers of MySQL's JSON that its text alone does not bring back. A DECIMAL is written with all its digits, `1.10`, but
 * read from text every number with a point, and every integer beyond 64 bits, becomes a DOUBLE, which is written `1.1`.
 * Documents with such numbers are built by constructors, in which a literal with a point is a DECIMAL.
 */
import { DbimgError } from '../../core/errors.ts';
import { lengthAt } from './result-set.ts';
import type { TableLoad } from './table-load.ts';

const NULL = 0xfb;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const POINT = 0x2e;
const [ZERO, NINE, MINUS, PLUS] = [0x30, 0x39, 0x2d, 0x2b];
const [SMALL_E, LARGE_E] = [0x65, 0x45];
/** Integers of so many digits fit into 64 bits, whatever they are. */
const SURE_DIGITS = 18;
/** And a DOUBLE gives back so many characters, the point among them. */
const SURE_FRACTION = 15;
const LEAST = -(2n ** 63n);
const MOST = 2n ** 64n - 1n;
/** What a DECIMAL can have. */
const DIGITS = 65;
const SCALE = 30;
/** The servers write a DOUBLE without an exponent if its point is at most so far from its first digit. */
const FARTHEST = 15;

export interface SplitDocuments {
  /** Records whose documents are read from their text. */
  readonly others: Buffer;
  readonly exact: Buffer;
  /** How many records are in `exact`. */
  readonly count: number;
}

export function hasDocuments({ columns }: TableLoad): boolean {
  return columns.some(({ readAs }) => readAs === 'json');
}

/** @throws DbimgError `IMAGE_DAMAGED` if the bytes are no records. */
export function splitDocuments({ columns }: TableLoad, records: Buffer): SplitDocuments {
  const others: Buffer[] = [];
  const exact: Buffer[] = [];
  let run = 0;
  for (let at = 0; at < records.length; ) {
    const start = at;
    let decimals = false;
    for (const { readAs } of columns) {
      if (at >= records.length) throw damaged();
      const { value: length, size } = records[at] === NULL ? { value: 0, size: 1 } : lengthAt(records, at);
      at += size + length;
      if (at > records.length) throw damaged();
      if (readAs === 'json' && !decimals) decimals = holdsDecimals(records.subarray(at - length, at));
    }
    if (!decimals) continue;
    others.push(records.subarray(run, start));
    exact.push(records.subarray(start, at));
    run = at;
  }
  if (exact.length === 0) return { others: records, exact: Buffer.alloc(0), count: 0 };
  others.push(records.subarray(run));
  return { others: Buffer.concat(others), exact: Buffer.concat(exact), count: exact.length };
}

/** Whether the server would write a number of the document otherwise once it had read it. */
export function holdsDecimals(document: Buffer): boolean {
  for (let at = 0; at < document.length; ) {
    const byte = document[at] as number;
    if (byte === QUOTE) at = endOfString(document, at);
    else if (isOfNumber(byte)) {
      const end = endOfNumber(document, at);
      if (end < 0 && isDecimalText(document.toString('latin1', at, -end))) return true;
      at = Math.abs(end);
    } else at += 1;
  }
  return false;
}

/** An expression of the document in which each number has its own type; each byte as the character of the same number. */
export function documentExpression(document: Buffer): string {
  return new ConstructorWriter(document).whole();
}

function endOfString(document: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < document.length && document[at] !== QUOTE) at += document[at] === BACKSLASH ? 2 : 1;
  return at + 1;
}

/**
 * Negative if the number must be looked at. So few digits are in a DOUBLE what they were, unless they end with zeros:
 * most numbers need no more than that.
 */
function endOfNumber(document: Uint8Array, start: number): number {
  let at = start;
  let point = 0;
  for (; isOfNumber(document[at] ?? 0); at += 1) if (document[at] === POINT) point = at;
  const sure = point === 0 ? SURE_DIGITS : SURE_FRACTION;
  const zeros = point > 0 && document[at - 1] === ZERO && at - point > 2;
  return zeros || at - start > sure ? -at : at;
}

const isOfNumber = (byte: number): boolean =>
  (byte >= ZERO && byte <= NINE) ||
  byte === POINT ||
  byte === MINUS ||
  byte === PLUS ||
  byte === SMALL_E ||
  byte === LARGE_E;

/** Whether the text of a number is that of a DECIMAL and of no DOUBLE or 64-bit integer. */
function isDecimalText(text: string): boolean {
  if (String(Number(text)) === text && text.includes('.')) return false;
  const [, whole = '', fraction] = /^-?(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  if (whole === '') return false;
  if (fraction === undefined) {
    if (whole.length <= SURE_DIGITS || whole.length > DIGITS) return false;
    const value = BigInt(text);
    return value < LEAST || value > MOST;
  }
  const digits = whole.replace(/^0$/, '').length + fraction.length;
  return digits <= DIGITS && fraction.length <= SCALE && doubleText(Number(text)) !== text;
}

/** As MySQL writes a DOUBLE in JSON. Source: `my_gcvt` of its `strings/dtoa.cc`. */
export function doubleText(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const [, sign = '', first = '', rest = '', exponent = ''] =
    /^(-?)(\d)(?:\.(\d+))?e(.+)$/.exec(value.toExponential()) ?? [];
  const digits = first + rest;
  const point = Number(exponent) + 1;
  const fits = point > -FARTHEST && (point <= FARTHEST || (point === FARTHEST + 1 && digits.length > point));
  if (!fits) return `${sign}${first}${rest === '' ? '' : `.${rest}`}e${Number(exponent)}`;
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return `${sign}${digits.slice(0, point).padEnd(point, '0')}.${digits.slice(point) || '0'}`;
}

/** Reads a document as MySQL writes it: valid, and never nested deeper than 100. */
class ConstructorWriter {
  readonly #document: Buffer;
  #at = 0;

  constructor(document: Buffer) {
    this.#document = document;
  }

  whole(): string {
    const value = this.#value();
    return value.startsWith('JSON_') ? value : `CAST(${value} AS JSON)`;
  }

  #value(): string {
    switch (this.#next()) {
      case '{':
        return `JSON_OBJECT(${this.#members('}', () => `${this.#string()},${this.#afterColon()}`)})`;
      case '[':
        return `JSON_ARRAY(${this.#members(']', () => this.#value())})`;
      case '"':
        return this.#string();
      default:
        return this.#scalar();
    }
  }

  #members(end: string, member: () => string): string {
    const members: string[] = [];
    this.#at += 1;
    while (this.#next() !== end) {
      members.push(member());
      if (this.#next() === ',') this.#at += 1;
    }
    this.#at += 1;
    return members.join(',');
  }

  #afterColon(): string {
    if (this.#next() !== ':') throw damaged();
    this.#at += 1;
    return this.#value();
  }

  /** The first character that is no space. */
  #next(): string {
    while (this.#document[this.#at] === 0x20) this.#at += 1;
    const byte = this.#document[this.#at];
    if (byte === undefined) throw damaged();
    return String.fromCharCode(byte);
  }

  #string(): string {
    if (this.#next() !== '"') throw damaged();
    const start = this.#at;
    this.#at = endOfString(this.#document, start);
    if (this.#at > this.#document.length) throw damaged();
    const escaped = this.#document.indexOf(BACKSLASH, start);
    const plain = escaped < 0 || escaped >= this.#at;
    const text = plain
      ? this.#document.toString('latin1', start + 1, this.#at - 1)
      : Buffer.from(unescaped(this.#document.toString('utf8', start, this.#at))).toString('latin1');
    return `_utf8mb4'${text.replace(/[\\'\0]/g, (byte) => (byte === '\0' ? '\\0' : `\\${byte}`))}'`;
  }

  #scalar(): string {
    const start = this.#at;
    while (isOfScalar(this.#document[this.#at] ?? 0)) this.#at += 1;
    const text = this.#document.toString('latin1', start, this.#at);
    if (!/^(?:true|false|null|-?\d[\d.eE+-]*)$/.test(text)) throw damaged();
    // A literal with a point is a DECIMAL, one with an exponent a DOUBLE.
    return /^-?\d+\.\d+$/.test(text) && !isDecimalText(text) ? `${text}e0` : text;
  }
}

const isOfScalar = (byte: number): boolean => isOfNumber(byte) || (byte >= 0x61 && byte <= 0x7a);

function unescaped(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    throw damaged();
  }
}

function damaged(): DbimgError {
  return new DbimgError('IMAGE_DAMAGED', 'A document of JSON is not as MySQL writes it.');
}
