/** Rows become leaves of a table b-tree: their records are copied as they are, none is taken apart. */
import { DbimgError } from '../../core/errors.ts';
import { localSize, PAGE_TYPE } from './pages/page.ts';
import { varintSize, writeVarint } from './pages/varint.ts';
import {
  cellSize,
  LEAF_HEADER,
  overflowPages,
  rowidSize,
  writeOverflow,
  writeRowid,
} from './staging-cells.ts';
import { type Geometry, pageAt, startPage } from './staging-pages.ts';
import { LENGTH_SIZE, ROWID_SIZE } from './types.ts';

const PREFIX = LENGTH_SIZE + ROWID_SIZE;
const POINTER_OF_CELL = 2;

/** A row: where its record lies, and what its cell needs. */
interface Row {
  begin: number;
  size: number;
  high: number;
  low: number;
  local: number;
  cell: number;
}

/** What the rows of a chunk need. */
export interface Layout {
  readonly records: number;
  readonly leaves: number;
  /** Pages for what is longer than a leaf takes. */
  readonly overflow: number;
}

/** The rows of one chunk. */
export class LeafPacker {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  readonly #geometry: Geometry;
  readonly #row: Row = { begin: 0, size: 0, high: 0, low: 0, local: 0, cell: 0 };
  /** Where each leaf's rows begin, and how many they are. */
  readonly #starts: number[] = [];
  readonly #counts: number[] = [];
  readonly layout: Layout;

  /** @throws DbimgError `IMAGE_DAMAGED` if the bytes are no rows in the order of their rowids. */
  constructor(bytes: Uint8Array, geometry: Geometry) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#geometry = geometry;
    this.layout = this.#plan();
  }

  /** The rowid of the first row. */
  get first(): bigint {
    return this.#view.getBigInt64(LENGTH_SIZE, true);
  }

  /**
   * Calls `leaf` with each leaf and its largest rowid, in order, and `overflow` with each page of long rows. Leaves have
   * the places that follow `firstLeaf`; both memories are used again.
   */
  pack(
    firstOverflow: number,
    leaf: (page: Buffer, largest: bigint) => void,
    overflow: (page: Buffer) => void,
  ): void {
    const { pageSize, usable } = this.#geometry;
    const page = Buffer.alloc(pageSize);
    const long = Buffer.alloc(pageSize);
    let place = firstOverflow;
    for (const [nth, start] of this.#starts.entries()) {
      const cells = this.#counts[nth] as number;
      page.fill(0);
      let content = usable;
      let at = start;
      for (let cell = 0; cell < cells; cell += 1) {
        const row = this.#read(at);
        content -= row.cell;
        page.writeUInt16BE(content, LEAF_HEADER + POINTER_OF_CELL * cell);
        const end = this.#writeCell(page, content, row);
        if (row.local < row.size) {
          page.writeUInt32BE(pageAt(place, this.#geometry), end);
          const rest = this.#bytes.subarray(row.begin + row.local, row.begin + row.size);
          place = writeOverflow(rest, place, this.#geometry, long, overflow);
        }
        at = row.begin + row.size;
      }
      startPage(page, 0, PAGE_TYPE.tableLeaf, { cells, content });
      leaf(page, (BigInt(this.#row.high) << 32n) | BigInt(this.#row.low));
    }
  }

  #plan(): Layout {
    const room = this.#geometry.usable - LEAF_HEADER;
    let left = 0;
    let records = 0;
    let overflow = 0;
    let lastHigh = Number.NEGATIVE_INFINITY;
    let lastLow = 0;
    for (let at = 0; at < this.#bytes.length; records += 1) {
      const row = this.#read(at);
      if (row.high < lastHigh || (row.high === lastHigh && row.low <= lastLow)) throw disordered();
      lastHigh = row.high;
      lastLow = row.low;
      const need = row.cell + POINTER_OF_CELL;
      if (need > left) {
        this.#starts.push(at);
        this.#counts.push(0);
        left = room;
      }
      left -= need;
      this.#counts[this.#counts.length - 1] = (this.#counts.at(-1) as number) + 1;
      overflow += overflowPages(row.size, row.local, this.#geometry.usable);
      at = row.begin + row.size;
    }
    return { records, leaves: this.#starts.length, overflow };
  }

  #read(at: number): Row {
    const row = this.#row;
    const view = this.#view;
    const length = at + PREFIX <= view.byteLength ? view.getInt32(at, true) : 0;
    if (length <= PREFIX || at + length > view.byteLength) throw damagedRow();
    row.low = view.getUint32(at + LENGTH_SIZE, true);
    row.high = view.getInt32(at + LENGTH_SIZE + 4, true);
    row.begin = at + PREFIX;
    row.size = length - PREFIX;
    measure(row, this.#geometry.usable);
    return row;
  }

  /** Returns where the local part of the payload ends. */
  #writeCell(page: Buffer, at: number, row: Row): number {
    const begin = writeRowid(page, writeVarint(page, at, row.size), row.high, row.low);
    this.#bytes.copy(page, begin, row.begin, row.begin + row.local);
    return begin + row.local;
  }
}

/** A row that is longer than a chunk: its leaf, of one cell, from its first bytes. */
export interface LongRow {
  readonly rowid: bigint;
  /** Where its payload begins. */
  readonly begin: number;
  /** Bytes of the payload, in the leaf and in all. */
  readonly local: number;
  readonly size: number;
}

/** What the first bytes of such a row say. */
export function longRow(start: Uint8Array, { usable }: Geometry): LongRow {
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  if (view.byteLength < PREFIX || view.getInt32(0, true) <= PREFIX) throw damagedRow();
  const size = view.getInt32(0, true) - PREFIX;
  const local = localSize(size, usable, 'table');
  if (view.byteLength < PREFIX + local) throw damagedRow();
  return { rowid: view.getBigInt64(LENGTH_SIZE, true), begin: PREFIX, local, size };
}

/** The leaf of it; the rest follows on overflow pages from `overflow` on. */
export function longLeaf(start: Uint8Array, row: LongRow, overflow: number, geometry: Geometry): Buffer {
  const page = Buffer.alloc(geometry.pageSize);
  const { local, size } = row;
  const high = Number(row.rowid >> 32n);
  const low = Number(row.rowid & 0xffffffffn);
  const measured = { begin: PREFIX, size, high, low, local, cell: 0 };
  measure(measured, geometry.usable);
  const content = geometry.usable - measured.cell;
  const begin = writeRowid(page, writeVarint(page, content, size), high, low);
  page.set(start.subarray(PREFIX, PREFIX + local), begin);
  if (local < size) page.writeUInt32BE(overflow, begin + local);
  page.writeUInt16BE(content, LEAF_HEADER);
  startPage(page, 0, PAGE_TYPE.tableLeaf, { cells: 1, content });
  return page;
}

function measure(row: Row, usable: number): void {
  row.local = localSize(row.size, usable, 'table');
  row.cell = cellSize(varintSize(row.size) + rowidSize(row.high, row.low), row.local, row.local < row.size);
}

function damagedRow(): DbimgError {
  return new DbimgError('IMAGE_DAMAGED', 'A chunk holds bytes that are no SQLite record.');
}

function disordered(): DbimgError {
  return new DbimgError('IMAGE_DAMAGED', 'A chunk holds rows that are not in the order of their rowids.');
}
