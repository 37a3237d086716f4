/**
 * Rows that do not come by ascending rowid: those of other engines, whose keys may lie in any order. The ledger keeps
 * each chunk as it came, with its own rows sorted; when all are there, most of them only have to be put in order. Rows
 * of chunks that overlap are sorted one by one.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { DbimgError } from '../../core/errors.ts';
import type { Ledger, SortedChunk } from './staging-ledger.ts';
import { LENGTH_SIZE, ROWID_SIZE } from './types.ts';

/** Bytes of rows that were sorted one by one and are packed together. */
const BATCH = 1024 * 1024;

export interface Row {
  readonly rowid: bigint;
  /** With its length and rowid before it. */
  readonly bytes: Uint8Array;
}

/** @throws DbimgError `IMAGE_DAMAGED` if the bytes are no rows. */
export function* rowsOf(chunk: Uint8Array): Generator<Row> {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  for (let at = 0; at < chunk.length; ) {
    const length = at + LENGTH_SIZE + ROWID_SIZE <= chunk.length ? view.getInt32(at, true) : 0;
    if (length <= LENGTH_SIZE + ROWID_SIZE || at + length > chunk.length) throw damagedRow();
    yield { rowid: view.getBigInt64(at + LENGTH_SIZE, true), bytes: chunk.subarray(at, at + length) };
    at += length;
  }
}

/** The chunk with its rows in the order of their rowids. Not a copy if they were. */
export function sortedChunk(chunk: Uint8Array): SortedChunk & { readonly records: number } {
  let first: bigint | undefined;
  let last: bigint | undefined;
  let records = 0;
  let ascends = true;
  for (const { rowid } of rowsOf(chunk)) {
    first ??= rowid;
    ascends &&= last === undefined || last < rowid;
    last = rowid;
    records += 1;
  }
  if (first === undefined || last === undefined) throw damagedRow();
  if (ascends) return { first, last, rows: chunk, records };
  const rows = [...rowsOf(chunk)].sort((a, b) => (a.rowid < b.rowid ? -1 : Number(a.rowid > b.rowid)));
  return {
    first: (rows[0] as Row).rowid,
    last: (rows.at(-1) as Row).rowid,
    rows: Buffer.concat(rows.map(({ bytes }) => bytes)),
    records,
  };
}

/** All rows that the ledger keeps for a table, in order, in pieces that are neither large nor many. */
export async function* inOrder(ledger: Ledger, root: number): AsyncGenerator<Uint8Array> {
  let group: number[] = [];
  let end = 0n;
  for (const { id, first, last } of ledger.chunks(root)) {
    if (group.length > 0 && first > end) {
      yield* together(ledger, group);
      group = [];
    }
    end = group.length === 0 || last > end ? last : end;
    group.push(id);
  }
  if (group.length > 0) yield* together(ledger, group);
}

async function* together(ledger: Ledger, ids: readonly number[]): AsyncGenerator<Uint8Array> {
  if (ids.length === 1) {
    yield ledger.chunk(ids[0] as number);
    return;
  }
  for (const id of ids) {
    ledger.addLoose(rowsOf(ledger.chunk(id)));
    await turn();
  }
  let batch: Uint8Array[] = [];
  let size = 0;
  for (const row of ledger.takeLoose()) {
    batch.push(row);
    size += row.length;
    if (size < BATCH) continue;
    yield Buffer.concat(batch);
    [batch, size] = [[], 0];
  }
  if (batch.length > 0) yield Buffer.concat(batch);
}

function damagedRow(): DbimgError {
  return new DbimgError('IMAGE_DAMAGED', 'A chunk holds something else than rows.');
}
