/** What the columns of an image become in another engine: the mapping table. */
import type { RestoreResult } from '../../index.ts';
import { displayName, printable } from '../names.ts';
import { formatTable } from '../table.ts';
import { formatCount, formatNumber } from '../units.ts';

type Crossing = NonNullable<RestoreResult['crossing']>;
type Column = Crossing['tables'][number]['columns'][number];

const KEPT: { readonly [fidelity in Column['fidelity']]: string } = {
  exact: 'exactly',
  form: 'in full',
  lossy: 'NOT IN FULL',
};

/** One line for each way in which columns are mapped, the most common first. */
export function formatCrossing({ from, to, tables, local }: Crossing): string[] {
  const ways = Map.groupBy(
    tables.flatMap(({ columns }) => columns),
    ({ from: type, to: target, fidelity, note }) =>
      JSON.stringify([withoutSize(type), target, fidelity, note]),
  );
  const rows = [...ways.values()]
    .sort((a, b) => b.length - a.length)
    .map((columns) => {
      const [{ from: type, to: target, fidelity, note = '' }] = columns as [Column];
      return [withoutSize(type), target, KEPT[fidelity], printable(note), formatCount(columns.length)].map(
        String,
      );
    });
  const titles = [{ title: from }, { title: to }, { title: 'values kept' }, { title: 'how' }];
  const lines = formatTable(
    [...titles, { title: 'columns', right: true }],
    rows.map((row) => row.map(printable)),
  );
  const renamed = tables.filter(({ source, target }) => source.at(-1) !== target.at(-1));
  return [
    `${formatNumber(tables.length, 'table')} of ${printable(from)} in ${to}:`,
    ...(rows.length > 0 ? lines : []).map((line) => `  ${line}`),
    ...renamed.map(
      ({ source, target }) => `  ${displayName(source)} is named ${printable(target.at(-1) ?? '')}`,
    ),
    ...localLine(local, to),
  ];
}

/** `numeric(10,2)` and `numeric(8,3)` are mapped in the same way. */
function withoutSize(type: string): string {
  return type.replace(/\([\d, -]+\)/g, '');
}

function localLine(local: Crossing['local'], to: string): string[] {
  const kinds = Object.entries(local).map(([kind, count]) => `${formatCount(count)} ${kind}`);
  return kinds.length === 0 ? [] : [`  without a meaning in ${to}: ${printable(kinds.join(', '))}`];
}
