/** Ratios of contestants, against the aims, as Markdown. */
import { median, type Results, series } from './rounds.ts';

export type Unit = 's' | 'MB' | 'MiB' | 'GB/s';

/** One figure of two contestants. */
export interface Row {
  readonly what: string;
  readonly unit: Unit;
  readonly ours: number;
  /** Undefined where nothing is compared and only the aim counts. */
  readonly rival?: number;
  /** Ours divided by the rival's, round by round; the median of that. */
  readonly ratio?: number;
  readonly aim?: Aim;
}

export interface Aim {
  readonly of: 'ratio' | 'ours';
  readonly is: 'at most' | 'at least';
  readonly value: number;
}

export interface Comparison {
  readonly title: string;
  readonly ours: string;
  readonly rival?: string;
  readonly rows: readonly Row[];
}

/** What is compared: the figure's name at ours, and at the rival where it is another. */
export interface Compared {
  readonly what: string;
  readonly unit: Unit;
  readonly figure: string;
  readonly rivalFigure?: string;
  readonly aim?: Aim;
}

export function ratioAtMost(value: number): Aim {
  return { of: 'ratio', is: 'at most', value };
}

export function oursAtMost(value: number): Aim {
  return { of: 'ours', is: 'at most', value };
}

export function oursAtLeast(value: number): Aim {
  return { of: 'ours', is: 'at least', value };
}

const BYTES_IN: Readonly<Record<Unit, number>> = { s: 1, MB: 1e6, MiB: 2 ** 20, 'GB/s': 1e9 };

/** Rows of two contestants of the same rounds. */
export function rowsOf(
  results: Results,
  ours: string,
  rival: string,
  compared: readonly Compared[],
): readonly Row[] {
  return compared.map(({ what, unit, figure, rivalFigure, aim }) => {
    const mine = series(results, ours, figure);
    const theirs = series(results, rival, rivalFigure ?? figure);
    const ratios = mine.map((value, round) => value / (theirs[round] ?? Number.NaN));
    return {
      ...{ what, unit, ours: median(mine) / BYTES_IN[unit], rival: median(theirs) / BYTES_IN[unit] },
      ratio: median(ratios),
      ...(aim === undefined ? {} : { aim }),
    };
  });
}

/** A row without a rival. */
export function rowOf(results: Results, ours: string, { what, unit, figure, aim }: Compared): Row {
  const value = median(series(results, ours, figure)) / BYTES_IN[unit];
  return { what, unit, ours: value, ...(aim === undefined ? {} : { aim }) };
}

export function reached({ aim, ours, ratio }: Row): boolean | undefined {
  if (aim === undefined) return undefined;
  const value = aim.of === 'ratio' ? (ratio ?? Number.NaN) : ours;
  return aim.is === 'at most' ? value <= aim.value : value >= aim.value;
}

/** A heading and a table whose columns line up, also on a terminal. */
export function markdown({ title, ours, rival, rows }: Comparison): string {
  const head = ['', cell(ours), ...(rival === undefined ? [] : [cell(rival), 'ratio']), 'aim', ''];
  const lines = rows.map((row) => [
    row.what,
    quantity(row.ours, row.unit),
    ...(rival === undefined
      ? []
      : [row.rival === undefined ? '' : quantity(row.rival, row.unit), row.ratio?.toFixed(2) ?? '']),
    row.aim === undefined ? '' : `${row.aim.is === 'at most' ? '≤' : '≥'} ${aimed(row.aim, row.unit)}`,
    { true: 'pass', false: '**miss**', undefined: '' }[String(reached(row))] ?? '',
  ]);
  return `## ${title}\n\n${table([head, ...lines])}\n`;
}

function aimed(aim: Aim, unit: Unit): string {
  return aim.of === 'ratio' ? `${aim.value} ×` : `${aim.value} ${unit}`;
}

function quantity(value: number, unit: Unit): string {
  return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${unit}`;
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

/** The first line is the heading. The first column is of words, the others of numbers. */
function table(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, at) =>
    Math.max(3, ...lines.map((cells) => (cells[at] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((width, at) => (at === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  const [head = [], ...rest] = lines;
  return [line(head), rule, ...rest.map(line)].join('\n');
}
