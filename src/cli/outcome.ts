/** What a finished job has to say besides its result: omissions and warnings, and the exit code they make. */
import type { Omission } from '../core/adapter.ts';
import type { Warning } from '../core/events.ts';
import { displayName, printable } from './names.ts';
import { formatNumber } from './units.ts';

export const EXIT_DONE = 0;
/** Done, but something is missing or weaker than it should be. */
export const EXIT_WARNINGS = 3;

/** Warnings that tell how the work went and take nothing from its result. */
const HARMLESS: ReadonlySet<string> = new Set(['lock-retry', 'omitted', 'log-kept']);

/** How many omissions of one kind are listed one by one for people. */
const LISTED = 10;

export interface Outcome {
  readonly omissions: readonly Omission[];
  readonly warnings: readonly Warning[];
}

/** Omissions and warnings whose kind or code was not accepted by `--allow`. */
export function unaccepted(outcome: Outcome, allow: readonly string[]): Outcome {
  return {
    omissions: outcome.omissions.filter((omission) => !allow.includes(omission.kind)),
    warnings: outcome.warnings.filter(({ code }) => !HARMLESS.has(code) && !allow.includes(code)),
  };
}

/** 3 if anything was omitted or warned of that was not accepted by name. */
export function exitOf(outcome: Outcome, allow: readonly string[]): number {
  const left = unaccepted(outcome, allow);
  return left.omissions.length + left.warnings.length > 0 ? EXIT_WARNINGS : EXIT_DONE;
}

/** Lines for stderr: what was omitted, by kind, and how to accept it. */
export function formatOutcome(outcome: Outcome, allow: readonly string[], where?: string): string[] {
  const left = unaccepted(outcome, allow);
  const lines = formatOmissions(outcome.omissions, where);
  const open = [
    ...new Set([...left.omissions.map(({ kind }) => kind), ...left.warnings.map(({ code }) => code)]),
  ];
  if (open.length === 0) return lines;
  const counts = [
    left.omissions.length > 0 ? formatNumber(left.omissions.length, 'omission') : '',
    left.warnings.length > 0 ? formatNumber(left.warnings.length, 'warning') : '',
  ].filter((text) => text !== '');
  lines.push(`Done with ${counts.join(' and ')} (exit code ${EXIT_WARNINGS}).`);
  lines.push(`  hint: accept with ${open.map((kind) => `--allow ${printable(kind)}`).join(' ')}`);
  return lines;
}

/** What is not there, kind by kind. */
export function formatOmissions(omissions: readonly Omission[], where = 'in the image'): string[] {
  const kinds = [...Map.groupBy(omissions, (omission) => omission.kind)];
  return kinds.flatMap(([kind, ofKind]) => formatOmissionsOf(kind, ofKind, where));
}

function formatOmissionsOf(kind: string, omissions: readonly Omission[], where: string): string[] {
  const lines = omissions
    .slice(0, LISTED)
    .map(
      ({ object, reason }) => `not ${where}: ${printable(kind)} ${displayName(object)}: ${printable(reason)}`,
    );
  const more = omissions.length - lines.length;
  return more > 0
    ? [...lines, `not ${where}: ${formatNumber(more, 'more object')} of kind ${printable(kind)}`]
    : lines;
}

/** One warning in a line or two. */
export function formatWarning(warning: Warning): string {
  const object = warning.object ? ` (${displayName(warning.object)})` : '';
  const hint = warning.hint ? `\n  hint: ${printable(warning.hint)}` : '';
  return `warning: ${printable(warning.message)}${object} [${printable(warning.code)}]${hint}`;
}
