/** The framings in plain TypeScript: each finds the first message in bytes that begin at a boundary. */
import type { Framing } from '../adapter.ts';
import { FAULT, type Fault } from './faults.ts';

/** `foreign`: not of the framing. `record` is missing if the message holds none. */
export type Found =
  | 'foreign'
  | { readonly size: number; readonly record: Uint8Array | undefined; readonly goesOn: boolean };

/** `undefined`: cannot tell before more bytes are there. */
type Find = (data: Uint8Array) => Found | Fault | undefined;

const COPY_SIGNATURE = [...'PGCOPY\n\xff\r\n\0'].map((char) => char.charCodeAt(0));
const COPY_HEADER = 19;
const FULL_PACKET = 0xffffff;
/** Type of a BSON element whose value is a document. */
const EMBEDDED = 3;

export function plainFraming(framing: Framing): Find {
  switch (framing) {
    case 'pg-copy-text':
      return findCopyData;
    case 'pg-copy-binary':
      return copyBinary();
    case 'mysql-packet':
      return mysqlPackets();
    case 'bson':
      return findDocument;
    case 'bson-array':
      return findElement;
  }
}

function findCopyData(data: Uint8Array): Found | Fault | undefined {
  if (data.length === 0) return undefined;
  if (data[0] !== 'd'.charCodeAt(0)) return 'foreign';
  if (data.length < 5) return undefined;
  const length = viewOf(data).getUint32(1, false);
  if (length < 4) return FAULT.tooShort;
  if (length > 0x7fffffff) return FAULT.tooLong;
  if (data.length < 1 + length) return undefined;
  return { size: 1 + length, record: data.slice(5, 1 + length), goesOn: false };
}

/** Each COPY begins with a header, at the start of its first message, and ends with a trailer. */
function copyBinary(): Find {
  let headerDue = true;
  return (data) => {
    if (headerDue && data[0] === 'd'.charCodeAt(0) && data.length >= 5) {
      const fault = copyHeaderFault(data);
      if (fault !== undefined) return fault;
    }
    const found = findCopyData(data);
    if (typeof found !== 'object' || found.record === undefined) return found;
    let record = found.record;
    if (headerDue) {
      record = record.subarray(COPY_HEADER + viewOf(record).getUint32(15, false));
      headerDue = false;
      if (record.length === 0) return { ...found, record: undefined };
    }
    headerDue = record.length === 2 && record[0] === 0xff && record[1] === 0xff;
    return { ...found, record: headerDue ? undefined : record };
  };
}

function copyHeaderFault(data: Uint8Array): Fault | undefined {
  const length = viewOf(data).getUint32(1, false);
  if (length < 4) return FAULT.tooShort;
  if (length > 0x7fffffff) return FAULT.tooLong;
  if (length - 4 < COPY_HEADER) return FAULT.signature;
  if (data.length < 5 + COPY_HEADER) return undefined;
  const header = data.subarray(5, 5 + COPY_HEADER);
  if (COPY_SIGNATURE.some((byte, index) => header[index] !== byte)) return FAULT.signature;
  if (viewOf(header).getUint32(11, false) !== 0) return FAULT.flags;
  if (viewOf(header).getUint32(15, false) > length - 4 - COPY_HEADER) return FAULT.extension;
  return undefined;
}

function mysqlPackets(): Find {
  let continues = false;
  return (data) => {
    if (data.length < 4) return undefined;
    const length = viewOf(data).getUint32(0, true) & 0xffffff;
    if (!continues) {
      if (length === 0) return FAULT.emptyPacket;
      if (data.length < 5) return undefined;
      if (data[4] === 0xff || (data[4] === 0xfe && length < FULL_PACKET)) return 'foreign';
    }
    if (data.length < 4 + length) return undefined;
    continues = length === FULL_PACKET;
    return { size: 4 + length, record: data.slice(4, 4 + length), goesOn: continues };
  };
}

function findDocument(data: Uint8Array): Found | Fault | undefined {
  if (data.length < 4) return undefined;
  const length = viewOf(data).getUint32(0, true);
  if (length < 5) return FAULT.tooShort;
  if (length > 0x7fffffff) return FAULT.tooLong;
  if (data.length < length) return undefined;
  return { size: length, record: data.slice(0, length), goesOn: false };
}

function findElement(data: Uint8Array): Found | Fault | undefined {
  if (data.length === 0) return undefined;
  if (data[0] !== EMBEDDED) return 'foreign';
  const key = data.indexOf(0, 1);
  if (key < 0) return undefined;
  const found = findDocument(data.subarray(key + 1));
  return typeof found === 'object' ? { ...found, size: key + 1 + found.size } : found;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
