/** What is inside an image, for people. */
import type { ObjectName } from '../../core/adapter.ts';
import type { FrameRow, InspectedObject, Inspection } from '../../index.ts';
import { displayName, printable } from '../names.ts';
import { formatOmissions } from '../outcome.ts';
import { formatTable } from '../table.ts';
import { formatBytes, formatCount, formatNumber } from '../units.ts';
import { formatPosition } from './summary.ts';

/** How many names of one sort are listed in a line. */
const NAMED = 5;

/** The head of the image, then its `limit` largest objects. */
export function formatInspection(inspection: Inspection, limit: number): string[] {
  return [
    ...formatHead(inspection),
    '',
    ...formatObjects(inspection.objects, limit),
    ...formatOmissions(inspection.omissions),
  ];
}

function formatHead(inspection: Inspection): string[] {
  const { server, totals } = inspection;
  const sealed = `${inspection.encrypted ? 'encrypted' : 'not encrypted'}, ${inspection.signed ? 'signed' : 'not signed'}`;
  const facts: [string, string][] = [
    ['image', `${inspection.image}, ${inspection.kind}, ${inspection.adapter}, format ${inspection.format}`],
    ['server', `${server.product} ${server.version}`],
    ['position', formatPosition(inspection.position)],
    ['created', `${inspection.created} by ${inspection.tool}`],
    [
      'size',
      `${formatBytes(inspection.size)}: ${formatNumber(inspection.objects.length, 'object')}, ` +
        `${formatNumber(totals.records, 'row')}, ${formatBytes(totals.bytes)} plain`,
    ],
    ['seal', sealed],
    ['catalog', formatKinds(inspection.kinds)],
    ['secrets', formatNames(inspection.secrets)],
    ['superuser', formatNames(inspection.superuser)],
  ];
  const rows = facts.filter(([, value]) => value !== '').map(([title, value]) => [title, printable(value)]);
  return formatTable([{ title: '' }, { title: '' }], rows);
}

/** `11 table, 20 index`, most frequent first. */
function formatKinds(kinds: Inspection['kinds']): string {
  return Object.entries(kinds)
    .sort(([, a], [, b]) => b - a)
    .map(([kind, count]) => `${formatCount(count)} ${kind}`)
    .join(', ');
}

function formatNames(objects: readonly ObjectName[]): string {
  const names = objects.slice(0, NAMED).map((object) => displayName(object));
  const more = objects.length - names.length;
  return more > 0 ? `${names.join(', ')} and ${formatCount(more)} more` : names.join(', ');
}

function formatObjects(objects: readonly InspectedObject[], limit: number): string[] {
  const rows = [...objects]
    .sort((a, b) => b.stored - a.stored || b.bytes - a.bytes)
    .slice(0, limit)
    .map((entry) => [
      displayName(entry.object),
      printable(entry.encoding),
      formatCount(entry.parts),
      formatCount(entry.records),
      formatBytes(entry.bytes),
      formatBytes(entry.stored),
    ]);
  const lines = formatTable(
    [
      { title: 'object' },
      { title: 'encoding' },
      { title: 'parts', right: true },
      { title: 'rows', right: true },
      { title: 'plain', right: true },
      { title: 'stored', right: true },
    ],
    rows,
  );
  const more = objects.length - rows.length;
  return more > 0 ? [...lines, `… and ${formatCount(more)} more; --limit N shows more of them`] : lines;
}

const FRAME_TITLE = [
  'offset',
  'type',
  'stream',
  'sequence',
  'records',
  'plain',
  'stored',
  'content id',
] as const;

/** Titles over the lines of `formatFrame`. */
export const FRAME_HEADING: string = frameLine(FRAME_TITLE);

/** One frame in one line; columns are wide enough for all but monstrous images. */
export function formatFrame(frame: FrameRow): string {
  const { offset, type, stream, sequence, records, bytes, stored, contentId } = frame;
  return frameLine([
    `${offset}`,
    type,
    `${stream}`,
    `${sequence}`,
    `${records}`,
    `${bytes}`,
    `${stored}`,
    contentId,
  ]);
}

function frameLine([offset, type, stream, sequence, records, plain, stored, id]: readonly string[]): string {
  const numbers = [stream, sequence, records, plain, stored].map((text) => (text ?? '').padStart(9));
  return `${(offset ?? '').padStart(14)}  ${(type ?? '').padEnd(7)} ${numbers.join(' ')}  ${id}`;
}
