/** Columns of text for people. */
import { displayWidth } from './names.ts';

export interface TableColumn {
  readonly title: string;
  /** Numbers stand at the right of their column. */
  readonly right?: boolean;
}

/** Lines of a table, two spaces between columns, without spaces at the end of a line. */
export function formatTable(columns: readonly TableColumn[], rows: readonly (readonly string[])[]): string[] {
  const titles = columns.map((column) => column.title);
  const lines = titles.some((title) => title !== '') ? [titles, ...rows] : rows;
  const widths = columns.map((_, i) => Math.max(0, ...lines.map((line) => displayWidth(line[i] ?? ''))));
  return lines.map((line) =>
    columns
      .map((column, i) => {
        const text = line[i] ?? '';
        const gap = ' '.repeat((widths[i] ?? 0) - displayWidth(text));
        return column.right ? gap + text : text + gap;
      })
      .join('  ')
      .trimEnd(),
  );
}
