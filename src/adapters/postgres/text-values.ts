/** Values from PostgreSQL's text form, as it is under the settings of every session of dbimg. */
import type { Value } from '../../core/value.ts';
import { damaged } from './byte-reader.ts';
import { intervalFromText, temporalFromText, timeFromText } from './temporal.ts';
import { innerOf, type WireType } from './types.ts';

const INTEGERS = new Set(['int2', 'int4', 'int8', 'oid', 'xid', 'cid', 'xid8']);
const TEXTS = new Set(['text', 'varchar', 'bpchar', 'name', 'char', 'enum']);

/** @param name the engine's own name of the type, for values that have no other. */
export function textValue(wire: WireType | undefined, name: string, text: string): Value {
  if (wire === undefined) return { type: 'other', name, value: text };
  if (INTEGERS.has(wire)) {
    if (!/^-?\d+$/.test(text)) throw damaged();
    return { type: 'integer', value: BigInt(text) };
  }
  if (TEXTS.has(wire)) return { type: 'text', value: text };
  if (wire.startsWith('array<')) {
    // Its elements are not counted from 1: a list could not say so.
    if (text.startsWith('[')) return { type: 'other', name, value: text };
    return arrayValue(innerOf(wire), text);
  }
  switch (wire) {
    case 'bool':
      return { type: 'boolean', value: text === 't' };
    case 'float4':
    case 'float8':
      return { type: 'float', value: Number(text) };
    case 'numeric':
      return { type: 'decimal', value: text };
    case 'bytea':
      return { type: 'bytes', value: new Uint8Array(Buffer.from(text.slice(2), 'hex')) };
    case 'uuid':
      return { type: 'uuid', value: text };
    case 'json':
    case 'jsonb':
      return { type: 'json', value: text };
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return { type: wire, value: temporalFromText(text) };
    case 'time':
    case 'timetz':
      return { type: 'time', value: timeFromText(text) };
    case 'interval':
      return { type: 'interval', value: intervalFromText(text) };
    default:
      return { type: 'other', name, value: text };
  }
}

const TOKENS = /[{},]|"((?:[^"\\]|\\.)*)"|((?:[^{},"\\]|\\.)+)/gs;
/** Boxes have commas themselves: theirs is the one built-in type with another delimiter. */
const BOX_TOKENS = /[{};]|"((?:[^"\\]|\\.)*)"|((?:[^{};"\\]|\\.)+)/gs;

/** Source: PostgreSQL documentation, "Array Input and Output Syntax". */
function arrayValue(element: WireType, text: string): Value {
  // int2vector and oidvector are arrays that are written without braces.
  if (!text.includes('{')) {
    const words = text.split(' ').filter((word) => word !== '');
    return { type: 'list', value: words.map((word) => textValue(element, element, word)) };
  }
  const tokens = text.slice(text.indexOf('{')).matchAll(element === 'box' ? BOX_TOKENS : TOKENS);
  const stack: Value[][] = [[]];
  for (const [token, quoted, bare] of tokens) {
    const list = stack.at(-1) as Value[];
    if (token === '{') {
      const inner: Value[] = [];
      list.push({ type: 'list', value: inner });
      stack.push(inner);
    } else if (token === '}') stack.pop();
    else if (quoted !== undefined) list.push(textValue(element, element, quoted.replace(/\\(.)/gs, '$1')));
    else if (bare !== undefined)
      list.push(bare === 'NULL' ? { type: 'null' } : textValue(element, element, bare));
  }
  return stack[0]?.[0] ?? { type: 'list', value: [] };
}
