/** Name and version of this program, as images record it. */
import { readFileSync } from 'node:fs';

const manifest: { version: string } = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
);

export const VERSION: string = manifest.version;
export const TOOL: string = `dbimg ${VERSION}`;
