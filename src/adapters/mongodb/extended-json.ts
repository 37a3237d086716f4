/**
 * BSON as MongoDB Extended JSON v2, canonical and relaxed, straight from the bytes: fields keep their order, also when
 * two have one name, and every type has its form, the deprecated ones included.
 *
 * Source: the specification "Extended JSON, Version 2.0" of the MongoDB drivers.
 */
import { isUtf8 } from 'node:buffer';
import { BSON } from 'mongodb';
import { isWrapperName, parseExtendedJson } from './extended-json-reader.ts';
import { type Element, elementsOf, TYPE } from './raw-bson.ts';

export interface ExtendedJsonOptions {
  /** Numbers as JSON's own and dates as text wherever they can be read back as they were but for their type. */
  readonly relaxed: boolean;
}

/** Between these, in milliseconds, the relaxed form of a date is ISO 8601: the years 1970 to 9999. */
const LAST_ISO_DATE = 253_402_300_799_999n;
const REPLACEMENT = '\ufffd';
const CANONICAL_NAN = 0x7ff8_0000_0000_0000n;
const OLD_BINARY = 2;

export class ExtendedJsonWriter {
  readonly #relaxed: boolean;
  #inexact = 0;

  constructor(options: ExtendedJsonOptions) {
    this.#relaxed = options.relaxed;
  }

  /**
   * Values so far that the text does not say exactly: payloads of NaN, text that is not UTF-8, documents that look like a
   * type of Extended JSON, names of array elements that are no numbers.
   */
  get inexact(): number {
    return this.#inexact;
  }

  /** @throws DbimgError `IMAGE_DAMAGED` if the bytes are no BSON. */
  document(bytes: Uint8Array): string {
    let text = '{';
    let suspicious = false;
    for (const element of elementsOf(bytes)) {
      if (text.length > 1) text += ',';
      text += `${this.#name(element.key)}:${this.value(element)}`;
      suspicious ||= isWrapperName(element.key);
    }
    text += '}';
    if (suspicious && parseExtendedJson(text).type !== TYPE.document) this.#inexact += 1;
    return text;
  }

  value(element: Pick<Element, 'type' | 'value'>): string {
    const { type, value } = element;
    switch (type) {
      case TYPE.double:
        return this.#double(value);
      case TYPE.string:
        return this.#text(value, 4, value.length - 1);
      case TYPE.document:
        return this.document(value);
      case TYPE.array:
        return this.#array(value);
      case TYPE.binary:
        return this.#binary(value);
      case TYPE.undefined:
        return '{"$undefined":true}';
      case TYPE.objectId:
        return objectId(value);
      case TYPE.boolean:
        return value[0] === 0 ? 'false' : 'true';
      case TYPE.date:
        return this.#date(value.readBigInt64LE(0));
      case TYPE.null:
        return 'null';
      case TYPE.int32:
        return this.#number('$numberInt', String(value.readInt32LE(0)));
      case TYPE.int64:
        return this.#number('$numberLong', String(value.readBigInt64LE(0)));
      case TYPE.decimal128:
        return this.#decimal(value);
      default:
        return this.#rare(type, value);
    }
  }

  #rare(type: number, value: Buffer): string {
    switch (type) {
      case TYPE.regex: {
        const end = value.indexOf(0);
        const [pattern, options] = [this.#text(value, 0, end), this.#text(value, end + 1, value.length - 1)];
        return `{"$regularExpression":{"pattern":${pattern},"options":${options}}}`;
      }
      case TYPE.dbPointer: {
        const namespace = this.#text(value, 4, value.length - 13);
        return `{"$dbPointer":{"$ref":${namespace},"$id":${objectId(value.subarray(-12))}}}`;
      }
      case TYPE.code:
        return `{"$code":${this.#text(value, 4, value.length - 1)}}`;
      case TYPE.symbol:
        return `{"$symbol":${this.#text(value, 4, value.length - 1)}}`;
      case TYPE.codeWithScope: {
        const end = 8 + value.readUInt32LE(4);
        return `{"$code":${this.#text(value, 8, end - 1)},"$scope":${this.document(value.subarray(end))}}`;
      }
      case TYPE.timestamp:
        return `{"$timestamp":{"t":${value.readUInt32LE(4)},"i":${value.readUInt32LE(0)}}}`;
      case TYPE.minKey:
        return '{"$minKey":1}';
      default:
        return '{"$maxKey":1}';
    }
  }

  #number(wrapper: string, digits: string): string {
    return this.#relaxed ? digits : `{"${wrapper}":"${digits}"}`;
  }

  #double(value: Buffer): string {
    const number = value.readDoubleLE(0);
    if (Number.isNaN(number)) {
      if (value.readBigUInt64LE(0) !== CANONICAL_NAN) this.#inexact += 1;
      return '{"$numberDouble":"NaN"}';
    }
    const text = doubleText(number);
    return this.#relaxed && Number.isFinite(number) ? text : `{"$numberDouble":"${text}"}`;
  }

  #decimal(value: Buffer): string {
    const text = new BSON.Decimal128(value).toString();
    if (Buffer.compare(BSON.Decimal128.fromString(text).bytes, value) !== 0) this.#inexact += 1;
    return `{"$numberDecimal":"${text}"}`;
  }

  #date(milliseconds: bigint): string {
    if (this.#relaxed && milliseconds >= 0n && milliseconds <= LAST_ISO_DATE) {
      const text = new Date(Number(milliseconds)).toISOString();
      return `{"$date":"${text.replace('.000Z', 'Z')}"}`;
    }
    return `{"$date":{"$numberLong":"${milliseconds}"}}`;
  }

  #binary(value: Buffer): string {
    const subtype = value[4] as number;
    let bytes = value.subarray(5);
    if (subtype === OLD_BINARY) {
      // It has its length once more inside, which the text leaves out.
      if (bytes.length >= 4 && bytes.readUInt32LE(0) === bytes.length - 4) bytes = bytes.subarray(4);
      else this.#inexact += 1;
    }
    const hex = subtype.toString(16).padStart(2, '0');
    return `{"$binary":{"base64":"${bytes.toString('base64')}","subType":"${hex}"}}`;
  }

  #array(value: Buffer): string {
    const items: string[] = [];
    for (const element of elementsOf(value)) {
      if (element.key !== String(items.length)) this.#inexact += 1;
      items.push(this.value(element));
    }
    return `[${items.join(',')}]`;
  }

  #name(key: string): string {
    if (key.includes(REPLACEMENT)) this.#inexact += 1;
    return JSON.stringify(key);
  }

  #text(bytes: Buffer, start: number, end: number): string {
    const text = bytes.toString('utf8', start, end);
    if (text.includes(REPLACEMENT) && !isUtf8(bytes.subarray(start, end))) this.#inexact += 1;
    return JSON.stringify(text);
  }
}

function objectId(value: Buffer): string {
  return `{"$oid":"${value.toString('hex')}"}`;
}

/** The shortest digits that mean this number, marked as a double. */
function doubleText(number: number): string {
  if (!Number.isFinite(number)) return String(number);
  const text = Object.is(number, -0) ? '-0' : String(number);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}
