/** Says in few lines in what two lists of lines, entries or rows differ. */
import type { Dump, DumpEntry } from './pg-dump-entries.ts';

const WIDTH = 300;
const SHOWN = 6;

/** A line as a person wants to read it: UTF-8 where it is, cut where it is long, around `at` if given. */
export function readable(latin1: string, at = 0): string {
  const from = latin1.length > WIDTH ? Math.max(0, at - WIDTH / 2) : 0;
  const cut = latin1.slice(from, from + WIDTH);
  const shown = Buffer.from(cut, 'latin1').toString('utf8');
  return `${from > 0 ? '…' : ''}${shown}${from + WIDTH < latin1.length ? `… (${latin1.length} bytes)` : ''}`;
}

/** Lines that only one list has, with the line before the first of them; where only the order differs, from there on. */
export function lineDifference(a: readonly string[], b: readonly string[]): string {
  let begin = 0;
  while (begin < a.length && begin < b.length && a[begin] === b[begin]) begin += 1;
  const inA = new Set(a);
  const inB = new Set(b);
  const onlyA = a.filter((line) => !inB.has(line));
  const onlyB = b.filter((line) => !inA.has(line));
  const reordered = onlyA.length === 0 && onlyB.length === 0;
  const [left, right] = reordered ? [a.slice(begin), b.slice(begin)] : [onlyA, onlyB];
  const at = firstDifference(left[0] ?? '', right[0] ?? '');
  const show = (lines: readonly string[], sign: string): string[] => [
    ...lines.slice(0, SHOWN).map((line) => `  ${sign} ${readable(line, at)}`),
    ...(lines.length > SHOWN ? [`  ${sign} … ${lines.length - SHOWN} more lines`] : []),
  ];
  const before = begin > 0 ? [`    ${readable(a[begin - 1] ?? '')}`] : [];
  return [...before, ...show(left, '-'), ...show(right, '+')].join('\n');
}

function firstDifference(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  return at;
}

/** Entries that only one has, entries whose text differs, and another order of those that both have. */
export function entryDifferences(a: Dump, b: Dump): string[] {
  const left = byKey(a.entries);
  const right = byKey(b.entries);
  const found: string[] = [];
  for (const [key, entry] of left) {
    const other = right.get(key);
    if (other === undefined) found.push(`${readable(key)}: missing\n${lineDifference(entry.lines, [])}`);
    else if (entry.lines.join('\n') !== other.lines.join('\n'))
      found.push(`${readable(key)}: differs\n${lineDifference(entry.lines, other.lines)}`);
  }
  for (const [key, entry] of right) {
    if (!left.has(key)) found.push(`${readable(key)}: superfluous\n${lineDifference([], entry.lines)}`);
  }
  const inBoth = (key: string): boolean => left.has(key) && right.has(key) && !key.includes(' LARGE OBJECT ');
  const orderOfA = [...left.keys()].filter(inBoth);
  const orderOfB = [...right.keys()].filter(inBoth);
  if (orderOfA.some((key, at) => key !== orderOfB[at])) {
    found.push(`the order of the entries differs\n${lineDifference(orderOfA, orderOfB)}`);
  }
  return found;
}

function byKey(entries: readonly DumpEntry[]): Map<string, DumpEntry> {
  return new Map(entries.map((entry) => [entry.key, entry]));
}

/** COPY commands of both whose rows differ. Commands that only one has are found as entries. */
export function differingCopies(a: Dump, b: Dump): string[] {
  return [...a.rows].flatMap(([copy, rows]) => {
    const other = b.rows.get(copy);
    return other === undefined || (other.count === rows.count && other.sum === rows.sum) ? [] : [copy];
  });
}

/** Counts rows up for one side and down for the other; what is not zero in the end differs. */
export class RowLedger {
  readonly #copies: ReadonlyMap<string, Map<string, number>>;

  constructor(copies: readonly string[]) {
    this.#copies = new Map(copies.map((copy) => [copy, new Map<string, number>()]));
  }

  note(copy: string, row: string, weight: 1 | -1): void {
    const rows = this.#copies.get(copy);
    if (rows === undefined) return;
    const left = (rows.get(row) ?? 0) + weight;
    if (left === 0) rows.delete(row);
    else rows.set(row, left);
  }

  report(): string[] {
    return [...this.#copies].map(([copy, rows]) => {
      const missing = [...rows].filter(([, left]) => left > 0).map(([row]) => row);
      const superfluous = [...rows].filter(([, left]) => left < 0).map(([row]) => row);
      return `${readable(copy)}: ${rows.size} rows differ\n${lineDifference(missing, superfluous)}`;
    });
  }
}
