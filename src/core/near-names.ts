/** Names that somebody may have meant who wrote another. */

/** How many are listed. */
const LISTED = 3;

/** The nearest first: those that a few changes of letters make of it, and those that it is a part of. */
export function nearNames(written: string, names: Iterable<string>): string[] {
  const lower = written.toLowerCase();
  const most = Math.max(1, Math.floor(lower.length / 3));
  return [...new Set(names)]
    .map((name) => ({ name, distance: distanceOf(lower, name.toLowerCase()) }))
    .filter(
      ({ name, distance }) => distance <= most || (lower.length > 2 && name.toLowerCase().includes(lower)),
    )
    .sort((a, b) => a.distance - b.distance)
    .slice(0, LISTED)
    .map(({ name }) => name);
}

/** Levenshtein distance. */
function distanceOf(a: string, b: string): number {
  let before = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const changed = (before[j - 1] as number) + Number(a[i - 1] !== b[j - 1]);
      row.push(Math.min(changed, (before[j] as number) + 1, (row[j - 1] as number) + 1));
    }
    before = row;
  }
  return before[b.length] as number;
}
