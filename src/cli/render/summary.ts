/** The few lines that follow a dump, a restore or a verification. */
import type { Plain, Position } from '../../core/adapter.ts';
import type { ConvertReport, Difference, DumpResult, RestoreResult, VerifyResult } from '../../index.ts';
import { displayName, printable } from '../names.ts';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatNumber,
  formatPercent,
  formatRate,
} from '../units.ts';

/** `2026-…, pg.lsn 0/1A2B3C4`, with `near` if replay could not start precisely there. */
export function formatPosition({ time, exact, type, value }: Position): string {
  return printable(
    `${time}, ${exact ? '' : 'near '}${type}${value === null ? '' : ` ${formatPlain(value)}`}`,
  );
}

function formatPlain(value: Plain): string {
  if (typeof value === 'string') return value;
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return JSON.stringify(value);
  return Object.entries(value)
    .map(([name, member]) => `${name} ${formatPlain(member ?? null)}`)
    .join(', ');
}

export function formatDump(result: DumpResult): string[] {
  const ratio = result.bytes > 0 ? ` (${formatPercent(result.stored / result.bytes)})` : '';
  return [
    `${printable(`${result.server.product} ${result.server.version}`)}: ${formatNumber(result.objects, 'object')}, ` +
      `${formatNumber(result.records, 'row')}, ${formatBytes(result.bytes)} as ${formatBytes(result.stored)}${ratio}`,
    `position ${formatPosition(result.position)}`,
    ...formatPacking(result.packing),
    `done in ${formatDuration(result.milliseconds)}${rateOf(result.bytes, result.milliseconds)}`,
  ];
}

function formatPacking(packing: DumpResult['packing']): string[] {
  if (!packing) return [];
  const { source, packed } = packing;
  const saved = formatBytes(Math.max(0, source - packed));
  const share = formatPercent(source > 0 ? Math.max(0, source - packed) / source : 0);
  return [
    `restored it takes about ${formatBytes(packed)}, at the source ${formatBytes(source)}: ${saved} (${share}) less`,
  ];
}

/** Of a text: it has no server, and stood at no position. */
export function formatImport(result: DumpResult): string[] {
  return [
    `${formatNumber(result.objects, 'object')}, ${formatNumber(result.records, 'row')}, ` +
      `${formatBytes(result.bytes)} as ${formatBytes(result.stored)}`,
    `done in ${formatDuration(result.milliseconds)}${rateOf(result.bytes, result.milliseconds)}`,
  ];
}

export function formatConvert(result: ConvertReport): string[] {
  return [
    `${result.from} to ${result.to}: ${formatNumber(result.objects, 'object')}, ` +
      `${formatNumber(result.records, 'row')}, ${formatBytes(result.bytes)} as ${formatBytes(result.stored)}`,
    `done in ${formatDuration(result.milliseconds)}${rateOf(result.bytes, result.milliseconds)}`,
  ];
}

export function formatRestore(result: RestoreResult): string[] {
  const lines = [
    `restored ${formatNumber(result.objects, 'object')}, ${formatNumber(result.records, 'row')}, ${formatBytes(result.bytes)}`,
  ];
  if (result.proven) {
    const { objects, records } = result.proven;
    const proof = result.crossing ? 'read back and equal to what was written' : 'proven equal to the source';
    const when = result.proven.beforeReplay ? ', before the log was replayed' : '';
    lines.push(`${proof}: ${formatNumber(objects, 'object')}, ${formatNumber(records, 'row')}${when}`);
  }
  if (result.replayed) {
    lines.push(
      `replayed ${formatNumber(result.replayed.changes, 'change')}, so that all of it is one moment`,
    );
  }
  const notable = result.steps.filter((step) => step.milliseconds >= 100);
  if (notable.length > 1) {
    lines.push(notable.map(({ step, milliseconds }) => `${step} ${formatDuration(milliseconds)}`).join(', '));
  }
  return [
    ...lines,
    `done in ${formatDuration(result.milliseconds)}${rateOf(result.bytes, result.milliseconds)}`,
  ];
}

/** How many differing objects are listed for people. */
const LISTED = 20;

export function formatVerify(result: VerifyResult): string[] {
  const lines = [
    `complete: ${formatNumber(result.streams, 'stream')}, ${formatNumber(result.frames, 'frame')}, ` +
      `${formatNumber(result.records, 'row')}, ${formatBytes(result.bytes)} as ${formatBytes(result.stored)}`,
    `${result.signed ? 'signed' : 'not signed'}, ${result.encrypted ? 'encrypted' : 'not encrypted'}`,
  ];
  if (result.against) lines.push(...formatAgainst(result.against));
  return [
    ...lines,
    `done in ${formatDuration(result.milliseconds)}${rateOf(result.bytes, result.milliseconds)}`,
  ];
}

function formatAgainst(against: NonNullable<VerifyResult['against']>): string[] {
  const { equal, differing } = against;
  if (differing.length === 0) return [`equal to the database: ${formatNumber(equal, 'object')}`];
  const lines = [
    `DIFFERENT from the database: ${formatCount(differing.length)} of ${formatNumber(equal + differing.length, 'object')}`,
  ];
  for (const difference of differing.slice(0, LISTED)) lines.push(`  ${formatDifference(difference)}`);
  const more = differing.length - LISTED;
  return more > 0 ? [...lines, `  … and ${formatCount(more)} more`] : lines;
}

function formatDifference({ object, kind, imageRecords, databaseRecords }: Difference): string {
  const name = displayName(object);
  if (kind === 'missing') return `${name}: not in the database`;
  if (kind === 'extra') return `${name}: not in the image`;
  if (kind === 'content') return `${name}: as many rows, but other contents`;
  return `${name}: ${formatCount(imageRecords ?? 0)} rows in the image, ${formatCount(databaseRecords ?? 0)} in the database`;
}

function rateOf(bytes: number, milliseconds: number): string {
  return bytes > 0 && milliseconds >= 100 ? `, ${formatRate((bytes * 1000) / milliseconds)}` : '';
}
