/** Random streams of records, as servers send them, and a way to play them to a recorder in random splits. */
import { createHash } from 'node:crypto';
import type { FramedInput, Framing } from '../../src/core/adapter.ts';
import type { Digest } from '../../src/core/records/digest.ts';
import type { CutLimits, Piece, RecorderOptions } from '../../src/core/records/piece.ts';

export interface AnyRecorder {
  readonly digest: Digest;
  readonly bytes: number;
  framed(framing: Framing): FramedInput;
  append(bytes: Uint8Array, last: boolean): void;
  cut(): void;
  end(): Digest;
}

export type RecorderClass = new (options: RecorderOptions) => AnyRecorder;

/** mulberry32 */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** An integer in [from, to]. */
  between(from: number, to: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    const fraction = ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    return from + Math.floor(fraction * (to - from + 1));
  }

  chance(percent: number): boolean {
    return this.between(1, 100) <= percent;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.between(0, choices.length - 1)] as T;
  }

  /** Few different values now and then, so that bytes with a meaning turn up. */
  bytes(length: number): Uint8Array<ArrayBuffer> {
    const odd = this.chance(30);
    return Uint8Array.from({ length }, () => (odd ? this.pick([0, 0xff, 0xfe, 100]) : this.between(0, 255)));
  }
}

export interface Wire {
  readonly bytes: Uint8Array;
  /** Messages of other kinds: start → length. */
  readonly foreign: ReadonlyMap<number, number>;
}

export const SIGNATURE: Uint8Array = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');

/** The lengths that a random record of this framing may not have. */
export function shortest(framing: Framing | undefined): number {
  return framing === 'bson' || framing === 'bson-array' ? 5 : framing === 'mysql-packet' ? 1 : 0;
}

export function randomRecord(
  random: Random,
  framing: Framing | undefined,
  length: number,
): Uint8Array<ArrayBuffer> {
  const record = random.bytes(length);
  if (framing === 'bson' || framing === 'bson-array') new DataView(record.buffer).setInt32(0, length, true);
  if (framing === 'mysql-packet' && (record[0] ?? 0) >= 0xfe) record[0] = 0xfb;
  if (framing === 'pg-copy-binary' && length === 2) record[0] = 0;
  return record;
}

export function wireOf(random: Random, framing: Framing, records: readonly Uint8Array[]): Wire {
  const parts: Uint8Array[] = [];
  const foreign = new Map<number, number>();
  const size = () => parts.reduce((sum, part) => sum + part.length, 0);
  const interrupt = () => {
    if (framing === 'bson' || !random.chance(8)) return;
    const message =
      framing === 'bson-array'
        ? Uint8Array.of(0)
        : framing === 'mysql-packet'
          ? foreignPacket(random)
          : foreignMessage(random);
    foreign.set(size(), message.length);
    parts.push(message);
  };
  let header: Uint8Array | undefined;
  const trailer = () =>
    parts.push(copyData(Buffer.concat([header ?? new Uint8Array(), Buffer.from([0xff, 0xff])])));
  if (framing === 'pg-copy-binary') header = copyHeader(random);
  for (const record of records) {
    interrupt();
    if (framing === 'pg-copy-binary' && random.chance(3)) {
      trailer();
      header = copyHeader(random);
    }
    if (header !== undefined && (record.length === 0 || random.chance(30))) {
      parts.push(copyData(header));
      header = undefined;
      interrupt();
    }
    parts.push(...message(framing, header === undefined ? record : Buffer.concat([header, record])));
    header = undefined;
  }
  if (framing === 'pg-copy-binary') trailer();
  interrupt();
  return { bytes: Buffer.concat(parts), foreign };
}

function message(framing: Framing, payload: Uint8Array): Uint8Array[] {
  if (framing === 'bson') return [payload];
  if (framing === 'bson-array') return [Buffer.from(`\x03${payload.length % 1234}\0`), payload];
  return framing === 'mysql-packet' ? packets(payload) : [copyData(payload)];
}

export function copyData(payload: Uint8Array, type = 'd'): Uint8Array {
  const message = Buffer.alloc(5 + payload.length);
  message.write(type);
  message.writeInt32BE(4 + payload.length, 1);
  message.set(payload, 5);
  return message;
}

export function copyHeader(random: Random): Uint8Array {
  const extension = random.chance(80) ? 0 : random.between(1, 40);
  const fields = Buffer.alloc(8);
  fields.writeInt32BE(extension, 4);
  return Buffer.concat([SIGNATURE, fields, random.bytes(extension)]);
}

export function packets(payload: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let start = 0; start <= payload.length; start += 0xffffff) {
    const length = Math.min(0xffffff, payload.length - start);
    parts.push(Uint8Array.of(length & 0xff, (length >> 8) & 0xff, length >> 16, parts.length & 0xff));
    parts.push(payload.subarray(start, start + length));
  }
  return parts;
}

function foreignMessage(random: Random): Uint8Array {
  return copyData(random.bytes(random.between(0, 30)), random.pick(['N', 'S', 'A', 'c', 'E']));
}

function foreignPacket(random: Random): Uint8Array {
  const body = random.bytes(random.between(1, 30));
  body[0] = random.pick([0xfe, 0xff]);
  return Buffer.concat(packets(body));
}

export interface Played {
  /** Per piece: hash, length, records, digest, flags. */
  readonly pieces: readonly string[];
  /** Per feed: how many bytes were consumed, how many were pending, and the digest then. */
  readonly feeds: readonly string[];
  /** Where something else began. */
  readonly stops: readonly number[];
  readonly digest: Digest | undefined;
  readonly bytes: number;
  readonly error: string | undefined;
}

export interface PlayOptions {
  readonly limits?: CutLimits;
  readonly keep: boolean;
  /** The largest number of bytes fed at once; 0: as much as there is. */
  readonly step: number;
  /** Where a feed must end. */
  readonly splits?: readonly number[];
  /** Makes the splits. */
  readonly random: Random;
}

/** Feeds the wire in random splits, steps over what is foreign, and ends. */
export function play(Class: RecorderClass, framing: Framing, wire: Wire, options: PlayOptions): Played {
  const pieces: string[] = [];
  const feeds: string[] = [];
  const stops: number[] = [];
  const recorder = newRecorder(Class, options, pieces);
  const input = recorder.framed(framing);
  let at = 0;
  try {
    while (at < wire.bytes.length) {
      const size = nextSize(at, wire, options);
      const start = options.random.between(0, Math.min(99, input.buffer.length - size));
      input.buffer.set(wire.bytes.subarray(at, at + size), start);
      const consumed = input.feed(start, start + size);
      const pending = Buffer.from(input.pending).toString('hex');
      feeds.push(
        `${size}: ${consumed} [${pending}] ${recorder.digest.records} ${recorder.digest.sum} ${recorder.bytes}`,
      );
      at += consumed;
      if (consumed === size) continue;
      at -= input.pending.length;
      stops.push(at);
      const length = wire.foreign.get(at);
      if (length === undefined) break;
      at += length;
    }
    const digest = recorder.end();
    return { pieces, feeds, stops, digest, bytes: recorder.bytes, error: undefined };
  } catch (error) {
    return { pieces, feeds, stops, digest: undefined, bytes: recorder.bytes, error: String(error) };
  }
}

function nextSize(at: number, wire: Wire, { random, step, splits = [] }: PlayOptions): number {
  const end = Math.min(wire.bytes.length, ...splits.filter((split) => split > at));
  return step === 0 ? end - at : Math.min(end - at, random.between(0, step));
}

/** Appends the records in random pieces, and ends. */
export function playAppends(
  Class: RecorderClass,
  records: readonly Uint8Array[],
  options: PlayOptions,
): Played {
  const pieces: string[] = [];
  const recorder = newRecorder(Class, options, pieces);
  for (const record of records) {
    let at = 0;
    while (options.random.chance(60)) {
      const size = Math.min(record.length - at, options.random.between(0, options.step));
      recorder.append(record.subarray(at, at + size), false);
      at += size;
    }
    recorder.append(record.subarray(at), true);
  }
  const digest = recorder.end();
  return { pieces, feeds: [], stops: [], digest, bytes: recorder.bytes, error: undefined };
}

function newRecorder(Class: RecorderClass, { keep, limits }: PlayOptions, pieces: string[]): AnyRecorder {
  return new Class({
    keep,
    ...(limits === undefined ? {} : { limits }),
    onPiece: (piece) => pieces.push(describe(piece)),
  });
}

export function describe(piece: Piece): string {
  const hash = createHash('sha256').update(piece.bytes).digest('hex').slice(0, 16);
  const { records, digest, continued, unfinished } = piece;
  return `${hash} ${piece.bytes.length} ${records} ${digest.records} ${digest.sum} ${continued} ${unfinished}`;
}
