/** Images for tests: small ones, with small pages so that every kind of frame occurs more than once. */
import { hash } from 'node:crypto';
import type { CatalogEntry, Position, StreamOpen } from '../../src/core/adapter.ts';
import type { Keys } from '../../src/core/codec/keys.ts';
import { type SealedFrame, StreamSealer, type StreamTotal } from '../../src/core/codec/sealing.ts';
import { FrameOpener } from '../../src/core/image/frame-opener.ts';
import { ImageReader, type StoredFrame } from '../../src/core/image/reader.ts';
import type { Root } from '../../src/core/image/root.ts';
import { type ImageOptions, ImageWriter } from '../../src/core/image/writer.ts';
import { addDigests, type Digest, EMPTY_DIGEST } from '../../src/core/records/digest.ts';
import type { Piece } from '../../src/core/records/piece.ts';
import { MemoryStore } from '../../src/core/store/store.ts';

export const POSITION: Position = {
  type: 'lsn',
  value: '0/16B3748',
  time: '2026-01-02T03:04:05.678+00:00',
  exact: true,
};

export const HEAD: ImageOptions['head'] = {
  kind: 'logical',
  adapter: 'memory',
  server: { product: 'Memory', version: '1', settings: { encoding: 'UTF8' } },
  position: POSITION,
  created: '2026-01-02T03:04:05.000Z',
  tool: 'dbimg test',
};

/** Pages so small that a small image has many. */
export const LIMITS: NonNullable<ImageOptions['limits']> = { entries: 7, rows: 2, catalogBytes: 200 };

export function entry(id: number): CatalogEntry {
  const object = ['shop', 'public', `table ${id} "quoted" \u{1F600}`];
  return { id, kind: 'table', object, phase: 'pre-data', body: { sql: `CREATE TABLE t${id} ();` } };
}

export function openOf(stream: number): StreamOpen {
  return { object: ['shop', 'public', `table ${stream}`], part: 0, encoding: 'pg.copy.text' };
}

/** Text that compresses as rows do, the same for the same seed. */
export function rows(seed: number, bytes: number): Uint8Array<ArrayBuffer> {
  let text = '';
  for (let i = 0; text.length < bytes; i += 1) {
    text += `${i}\tname of ${seed}\t${hash('sha256', `${seed}/${i}`).slice(0, 20)}\n`;
  }
  return new TextEncoder().encode(text.slice(0, bytes));
}

export function pieceOf(bytes: Uint8Array<ArrayBuffer>, cut: Partial<Piece> = {}): Piece {
  const records = cut.unfinished ? 0 : 3;
  const sum = BigInt(`0x${hash('sha256', bytes).slice(0, 32)}`);
  const digest: Digest = { records, sum: records === 0 ? 0n : sum };
  return { bytes, records, digest, continued: false, unfinished: false, ...cut };
}

/** The frames of a stream, sealed side by side. */
export async function sealStream(writer: ImageWriter, pieces: readonly Piece[]): Promise<SealedFrame[]> {
  const stream = writer.nextStream();
  const sealer = new StreamSealer(writer.sealing, stream);
  return await Promise.all([
    sealer.open(openOf(stream)),
    ...pieces.map((piece) => sealer.data(piece)),
    sealer.close(totalOf(pieces)),
  ]);
}

export function totalOf(pieces: readonly Piece[]): StreamTotal {
  return {
    digest: pieces.reduce((sum, piece) => addDigests(sum, piece.digest), EMPTY_DIGEST),
    bytes: pieces.reduce((sum, piece) => sum + piece.bytes.length, 0),
  };
}

export interface Sample {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly root: Root;
}

/** Ten catalog entries, six streams of which one holds a record of three frames, and two log batches. */
export async function sample(options: Partial<ImageOptions> = {}): Promise<Sample> {
  const store = new MemoryStore();
  const output = await store.create();
  const writer = await ImageWriter.create(output, { head: HEAD, limits: LIMITS, ...options });
  for (let id = 1; id <= 10; id += 1) await writer.catalog(entry(id));
  await writer.endCatalog();
  const batch = { from: POSITION, to: POSITION, records: 2, bytes: rows(99, 300) };
  await writer.log('test.log', batch);
  for (let n = 1; n <= 6; n += 1) {
    const pieces = Array.from({ length: n }, (_, i) => pieceOf(rows(n * 100 + i, 150 * n)));
    if (n === 3) pieces.push(...longRecord(n));
    for (const frame of await sealStream(writer, pieces)) await writer.write(frame);
  }
  await writer.log('test.log', batch);
  const omissions = [{ kind: 'view', object: ['shop', 'public', 'v'], reason: 'test' }];
  const root = await writer.finish({ position: POSITION, omissions });
  await output.commit();
  return { bytes: store.bytes as Uint8Array<ArrayBuffer>, root };
}

/** A record that takes three frames. */
export function longRecord(seed: number): Piece[] {
  return [
    pieceOf(rows(seed, 400), { unfinished: true }),
    pieceOf(rows(seed + 1, 400), { continued: true, unfinished: true }),
    pieceOf(rows(seed + 2, 100), { continued: true }),
  ];
}

/** In memory that is used again for what comes next, as a store may do. */
export async function* source(
  bytes: Uint8Array<ArrayBuffer>,
  step: number = 1000,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const memory = new Uint8Array(step);
  for (let at = 0; at < bytes.length; at += step) {
    const part = bytes.subarray(at, at + step);
    memory.set(part);
    yield memory.subarray(0, part.length);
  }
}

export interface ReadBack {
  readonly reader: ImageReader;
  readonly frames: readonly { readonly frame: StoredFrame; readonly plain: Uint8Array }[];
  readonly entries: readonly CatalogEntry[];
}

/** Reads an image from its first byte to its last and opens every frame. */
export async function readAll(bytes: Uint8Array<ArrayBuffer>, keys: Keys = {}): Promise<ReadBack> {
  const reader = await ImageReader.open(source(bytes), keys);
  const opener = new FrameOpener(reader.opening);
  const frames: { frame: StoredFrame; plain: Uint8Array }[] = [];
  const entries: CatalogEntry[] = [];
  for await (const frame of reader.frames()) {
    frames.push({ frame, plain: await opener.open(frame) });
    if (frame.kind === 'catalog') for await (const found of reader.entries(frame)) entries.push(found);
  }
  return { reader, frames, entries };
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
