/** Tables that the suite works with. All content follows from fixed seeds. */
import type { Cell, ColumnSpec, TableSpec } from './subject.ts';

const ACCOUNT: readonly ColumnSpec[] = [
  { name: 'id', type: 'integer' },
  { name: 'balance', type: 'integer' },
];

export const BALANCE = 1000n;

/** Accounts of equal balance: whatever is moved between them, the sum stays. */
export function accounts(count: number): TableSpec {
  const rows = Array.from({ length: count }, (_, id): Cell[] => [BigInt(id), BALANCE]);
  return { name: 'accounts', columns: ACCOUNT, rows };
}

/** Rows of every cell type with values at the edges: empty, null, line ends, backslashes, all bytes. */
export function things(count: number): TableSpec {
  const columns: ColumnSpec[] = [
    { name: 'id', type: 'integer' },
    { name: 'amount', type: 'integer' },
    { name: 'note', type: 'text' },
    { name: 'data', type: 'bytes' },
  ];
  const notes = [
    '',
    'plain',
    'line\nend',
    'tab\there',
    'back\\slash',
    '\\.',
    '"quoted"',
    "it's",
    'smile 😀',
    '\\N',
  ];
  const rows = Array.from({ length: count }, (_, id): Cell[] => [
    BigInt(id),
    id % 7 === 0 ? null : BigInt(id) * 9_007_199n,
    id % 5 === 0 ? null : `${notes[id % notes.length]}`,
    id % 11 === 0 ? null : Uint8Array.from({ length: id % 300 }, (_, i) => (i * 31 + id) % 256),
  ]);
  return { name: 'things', columns, rows };
}

/** One row whose value is `bytes` long, between two small ones. */
export function huge(bytes: number): TableSpec {
  const value = new Uint8Array(bytes);
  let x = 1;
  for (let i = 0; i < bytes; i += 1) {
    x = (Math.imul(x, 1_103_515_245) + 12_345) >>> 0;
    value[i] = x >>> 24;
  }
  return {
    name: 'huge',
    columns: [
      { name: 'id', type: 'integer' },
      { name: 'data', type: 'bytes' },
    ],
    rows: [
      [1n, Uint8Array.of(1, 2, 3)],
      [2n, value],
      [3n, new Uint8Array()],
    ],
  };
}

export function empty(name: string): TableSpec {
  return { name, columns: [{ name: 'id', type: 'integer' }], rows: [] };
}
