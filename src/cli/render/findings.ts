/** What `doctor` found and what `restore --dry-run` plans. */
import { styleText } from 'node:util';
import type { Finding, Plan, ServerInfo } from '../../core/adapter.ts';
import { ERRORS } from '../../core/errors.ts';
import { printable } from '../names.ts';
import { EXIT_DONE, EXIT_WARNINGS } from '../outcome.ts';

const SIGNS = {
  ok: ['✔', 'green'],
  note: ['·', 'dim'],
  warning: ['!', 'yellow'],
  obstacle: ['✖', 'red'],
} as const;

export function formatFinding(finding: Finding): string[] {
  const [sign, color] = SIGNS[finding.level];
  const lines = [`${styleText(color, sign, { stream: process.stdout })} ${printable(finding.what)}`];
  return finding.hint ? [...lines, `    ${printable(finding.hint)}`] : lines;
}

export function formatDoctor(server: ServerInfo, findings: readonly Finding[]): string[] {
  return [printable(`${server.product} ${server.version}`), ...findings.flatMap(formatFinding)];
}

export function formatPlan(plan: Plan): string[] {
  const steps = plan.steps.map((step, i) => `${String(i + 1).padStart(3)}. ${printable(step)}`);
  if (plan.obstacles.length === 0) return [...steps, 'Nothing stands in the way. Nothing was changed.'];
  return [...steps, 'In the way:', ...plan.obstacles.flatMap(formatFinding), 'Nothing was changed.'];
}

/** The exit code of the first obstacle that names its error, 6 if none does; 3 for warnings; else 0. */
export function exitOfFindings(findings: readonly Finding[]): number {
  const obstacles = findings.filter((finding) => finding.level === 'obstacle');
  if (obstacles.length > 0) {
    return ERRORS[obstacles.find((finding) => finding.code)?.code ?? 'UNSUPPORTED'].exit;
  }
  return findings.some((finding) => finding.level === 'warning') ? EXIT_WARNINGS : EXIT_DONE;
}
