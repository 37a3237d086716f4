/** Reads a database through the adapter, as a dump does, but keeps the rows. */

import { adapter } from '../../src/adapters/sqlite/adapter.ts';
import { decodeRows } from '../../src/adapters/sqlite/decoder.ts';
import type { CatalogEntry, Context, Part, Snapshot, SnapshotOptions } from '../../src/core/adapter.ts';
import { addDigests, type Digest, EMPTY_DIGEST } from '../../src/core/records/digest.ts';
import { Recorder } from '../../src/core/records/recorder.ts';
import type { Value } from '../../src/core/value.ts';

export interface ReadTable {
  readonly name: string;
  readonly rows: (readonly Value[])[];
  /** Empty for WITHOUT ROWID tables. */
  readonly rowids: bigint[];
  readonly parts: Part[];
  digest: Digest;
}

export interface ReadDatabase {
  readonly entries: readonly CatalogEntry[];
  readonly tables: ReadonlyMap<string, ReadTable>;
  readonly snapshot: Pick<Snapshot, 'position'> & { readonly omissions: ReturnType<Snapshot['omissions']> };
}

export function context(lockTimeout: number = 5000): Context {
  return { signal: new AbortController().signal, warn: () => {}, lockTimeout };
}

export async function readDatabase(
  path: string,
  options: Partial<SnapshotOptions> = {},
): Promise<ReadDatabase> {
  await using database = await adapter.connect(`sqlite:${path}`, context());
  await using snapshot = await database.snapshot({ kind: 'logical', lanes: 1, ...options });
  const entries = await Array.fromAsync(snapshot.catalog());
  const tables = new Map<string, ReadTable>();
  for await (const part of snapshot.parts()) {
    const name = part.open.object.at(-1) as string;
    const table = tables.get(name) ?? { name, rows: [], rowids: [], parts: [], digest: EMPTY_DIGEST };
    tables.set(name, table);
    await readPart(snapshot, part, table);
  }
  const { position } = await snapshot.finish();
  return { entries, tables, snapshot: { position, omissions: snapshot.omissions() } };
}

/** Chunks of a part, joined; and the digest that an image would have of it. */
export async function readBytes(
  snapshot: Snapshot,
  part: Part,
): Promise<{ bytes: Uint8Array; digest: Digest }> {
  const pieces: Uint8Array[] = [];
  const recorder = new Recorder({ keep: true, onPiece: (piece) => void pieces.push(piece.bytes) });
  await using lane = await adapter.joinLane(structuredClone(snapshot.invitation), context());
  await lane.read(structuredClone(part), {
    framed: (framing) => recorder.framed(framing),
    append: (bytes, last) => recorder.append(bytes, last),
    pressure: () => undefined,
  });
  const digest = recorder.end();
  return { bytes: Buffer.concat(pieces), digest };
}

async function readPart(snapshot: Snapshot, part: Part, table: ReadTable): Promise<void> {
  const { bytes, digest } = await readBytes(snapshot, part);
  const details = part.open.details as { withoutRowid: boolean };
  for (const { rowid } of decodeRows(bytes, details.withoutRowid)) {
    if (rowid !== undefined) table.rowids.push(rowid);
  }
  table.rows.push(...adapter.decoder(part.open).decode(bytes));
  table.digest = addDigests(table.digest, digest);
  table.parts.push(part);
}
