/** The machine that a result was measured on. */
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';

/** Lines for a report. */
export function machine(): string[] {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  return [
    `${cpus().length} × ${model}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB of memory`,
    `${distribution()}, kernel ${release()}, Node.js ${process.versions.node}`,
    `load before the first run: ${loadavg()
      .map((load) => load.toFixed(2))
      .join(' ')}`,
  ];
}

function distribution(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? process.platform;
  } catch {
    return process.platform;
  }
}
