/** Arrays as PostgreSQL writes them. Source: its documentation, "Array Input and Output Syntax". */
import type { Value } from '../../core/value.ts';
import { valueToJson } from '../../core/value-json.ts';
import { textFromTemporal } from './temporal.ts';

/** `{1,NULL,"a b"}` */
export function arrayText(value: Value): string {
  if (value.type === 'list') return `{${value.value.map(arrayText).join(',')}}`;
  return value.type === 'null' ? 'NULL' : quoted(plainText(value));
}

/** A value as text that PostgreSQL reads. Intervals are in ISO 8601, which it reads too. */
export function plainText(value: Value): string {
  switch (value.type) {
    case 'null':
      return '';
    case 'boolean':
      return value.value ? 't' : 'f';
    case 'float':
      return Object.is(value.value, -0) ? '-0' : String(value.value);
    case 'integer':
      return value.value.toString();
    case 'bytes':
      return `\\x${Buffer.from(value.value).toString('hex')}`;
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return textFromTemporal(value.value);
    case 'list':
      return arrayText(value);
    case 'document':
      return valueToJson(value);
    default:
      return value.value;
  }
}

function quoted(text: string): string {
  const plain = text !== '' && !/[\s{},"\\]/.test(text) && !/^null$/i.test(text);
  return plain ? text : `"${text.replace(/["\\]/g, '\\$&')}"`;
}
