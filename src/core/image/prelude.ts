/** The first bytes of an image, before its first frame: optional `#!` line, magic, format version, flags. */
import { DbimgError } from '../errors.ts';
import { incomplete, unsupportedFormat } from './damage.ts';

export const FORMAT = 0;
/** Lets the kernel start dbimg when an image is executed. */
export const SHEBANG = '#!/usr/bin/env -S dbimg run\n';
const MAX_SHEBANG = 256;
const MAGIC = Uint8Array.of(0x89, 0x44, 0x42, 0x49, 0x4d, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const FIXED = MAGIC.length + 6;
/** The longest prelude there is. */
export const MAX_PRELUDE: number = MAX_SHEBANG + FIXED;

export function encodePrelude(shebang: boolean): Uint8Array<ArrayBuffer> {
  const line = new TextEncoder().encode(shebang ? SHEBANG : '');
  const bytes = new Uint8Array(line.length + FIXED);
  bytes.set(line, 0);
  bytes.set(MAGIC, line.length);
  new DataView(bytes.buffer).setUint16(line.length + MAGIC.length, FORMAT, true);
  return bytes;
}

/**
 * How many of the first bytes of an image are its prelude. `start` is the first {@link MAX_PRELUDE} bytes, or all.
 * @throws DbimgError `NOT_AN_IMAGE`, `FORMAT_UNSUPPORTED`, `IMAGE_INCOMPLETE`
 */
export function preludeLength(start: Uint8Array): number {
  let at = 0;
  if (start[0] === 0x23 && start[1] === 0x21) {
    at = start.subarray(0, MAX_SHEBANG).indexOf(0x0a) + 1;
    if (at === 0) throw notAnImage(start);
  }
  const magic = start.subarray(at, at + MAGIC.length);
  if (magic.length === 0 || !magic.every((byte, i) => byte === MAGIC[i])) throw notAnImage(start);
  if (start.length < at + FIXED) throw incomplete('The image ends within its first bytes.');
  const view = new DataView(start.buffer, start.byteOffset + at + MAGIC.length, 6);
  const version = view.getUint16(0, true);
  if (version !== FORMAT) {
    throw unsupportedFormat(`The image has format version ${version}; this dbimg reads version ${FORMAT}.`);
  }
  if (view.getUint32(2, true) !== 0)
    throw unsupportedFormat('The image uses features that this version does not know.');
  return at + FIXED;
}

/** Whether these first bytes of a file are those of an image, of whatever version. */
export function isImage(start: Uint8Array): boolean {
  const at = start[0] === 0x23 && start[1] === 0x21 ? start.subarray(0, MAX_SHEBANG).indexOf(0x0a) + 1 : 0;
  return MAGIC.every((byte, i) => byte === start[at + i]);
}

/** Files that people take for images, by how they begin. */
const KNOWN: readonly { readonly begins: string; readonly is: string; readonly hint: string }[] = [
  { begins: 'PGDMP', is: 'a pg_dump archive', hint: 'Restore it with pg_restore.' },
  { begins: '--\n-- PostgreSQL database', is: 'an SQL script of pg_dump', hint: 'Restore it with psql.' },
  { begins: '-- MySQL dump', is: 'an SQL script of mysqldump', hint: 'Restore it with mysql.' },
  { begins: '-- MariaDB dump', is: 'an SQL script of mariadb-dump', hint: 'Restore it with mariadb.' },
  {
    begins: 'SQLite format 3\0',
    is: 'a SQLite database',
    hint: 'Dump it first: dbimg dump FILE -o NAME.dbimg',
  },
  {
    begins: '\x6d\xe2\x99\x81',
    is: 'a mongodump archive',
    hint: 'Make it one: dbimg convert FILE NAME.dbimg',
  },
  {
    begins: '\x1f\x8b',
    is: 'compressed with gzip',
    hint: 'If an image is inside, unpack it with gunzip first.',
  },
  {
    begins: '\x28\xb5\x2f\xfd',
    is: 'compressed with zstd',
    hint: 'If an image is inside, unpack it with zstd -d first.',
  },
  {
    begins: 'age-encryption.org/',
    is: 'encrypted with age',
    hint: 'If an image is inside, decrypt it with age first.',
  },
];

function notAnImage(start: Uint8Array): DbimgError {
  if (start.length === 0) {
    return new DbimgError('NOT_AN_IMAGE', 'It is empty, not a dbimg image.', {
      hint: 'Was the dump that should have written it stopped, or the disk full?',
    });
  }
  const text = Buffer.from(start.buffer, start.byteOffset, Math.min(start.length, 64)).toString('latin1');
  const known = KNOWN.find(({ begins }) => text.startsWith(begins));
  return new DbimgError('NOT_AN_IMAGE', `It is ${known?.is ?? 'something else'}, not a dbimg image.`, {
    hint: known?.hint ?? 'An image is what `dbimg dump` writes.',
  });
}
