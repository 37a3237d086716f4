/** Data as parts for lanes: tables by ranges of their keys, or runs of pages. */
import type { Part, Plain } from '../../core/adapter.ts';
import type { StoredField } from './amend.ts';
import { type Division, divide } from './division.ts';
import type { DataTable } from './inventory.ts';
import type { TreeKind } from './pages/page.ts';
import type { PageSource } from './pages/source.ts';
import type { Content } from './pin.ts';
import { FILE, MAIN_FILE, openOf, SCHEMA } from './types.ts';

/** A part is cut in two when it is larger. */
const MOST_BYTES = 48 * 1024 * 1024;
/** Pages of a physical part. A multiple of `RECORD_BYTES`. */
const PART_BYTES = 32 * 1024 * 1024;
/** Data of a record of a physical image: a whole number of pages of any size, at a multiple of itself. */
export const RECORD_BYTES: number = 64 * 1024;
/** Data of a chunk of a physical image, likewise: just so much that nothing else cuts it. */
export const CHUNK_BYTES: number = 512 * 1024;

/** Scope of a part of a table. */
export interface RowScope {
  readonly root: number;
  readonly kind: TreeKind;
  readonly division: Division;
  readonly fallbacks: readonly StoredField[];
  readonly schemaFormat: number;
}

/** Scope of a run of pages: bytes of the file. */
export interface FileScope {
  readonly from: number;
  readonly to: number;
}

export interface PartOptions {
  /** What rows have that are older than a column. */
  readonly fallbacks: readonly StoredField[];
  /** As one part, whose chunks depend on the rows alone and not on the pages in which they lie. */
  readonly whole: boolean;
}

/** The parts of a table, at least one. */
export function tableParts(
  table: DataTable,
  content: Content,
  source: PageSource,
  { fallbacks, whole }: PartOptions,
): Part[] {
  const { shape, root } = table;
  const kind: TreeKind = shape.withoutRowid ? 'index' : 'table';
  const { encoding, schemaFormat } = content.header;
  return divide(source, root, kind, whole ? Number.POSITIVE_INFINITY : MOST_BYTES).map((division, part) => ({
    open: openOf(table, part, encoding),
    estimate: { bytes: division.bytes, records: division.records },
    scope: { root, kind, division, fallbacks, schemaFormat } satisfies RowScope as unknown as Plain,
  }));
}

/** The parts of the file. */
export function* fileParts({ layout, header }: Content): Generator<Part> {
  const size = layout.pages * layout.pageSize;
  for (let from = 0, part = 0; from < size; from += PART_BYTES, part += 1) {
    const to = Math.min(size, from + PART_BYTES);
    yield {
      open: {
        object: [SCHEMA, MAIN_FILE],
        part,
        encoding: FILE,
        details: { pageSize: header.pageSize, pages: layout.pages },
      },
      estimate: { bytes: to - from, records: Math.ceil((to - from) / RECORD_BYTES) },
      scope: { from, to } satisfies FileScope,
    };
  }
}
