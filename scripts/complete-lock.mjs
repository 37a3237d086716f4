// Run after `npm install` has changed the lock file.
//
// Packages with binaries name one optional package for each platform. npm leaves those out of the lock file that its
// registry does not have, as happens with partial mirrors, and `npm ci` then refuses the lock file everywhere. This
// enters them by name, version and platform; without a checksum, which only the registry knows.
import { readFileSync, writeFileSync } from 'node:fs';

const path = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(path, 'utf8'));
const packages = lock.packages;
const NAME = /[/-](darwin|linux|android|win32|windows|freebsd)-(x64|arm64|arm|ia32|ppc64|riscv64)(-musl)?$/;

/** Where Node would find `name` for the package at `location`, innermost first. */
function places(location, name) {
  const found = [];
  for (let at = location; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    found.push(`${at === '' ? '' : `${at}/`}node_modules/${name}`);
    if (!at.includes('/node_modules/')) break;
  }
  if (location !== '') found.push(`node_modules/${name}`);
  return [...new Set(found)];
}

/** Every version that dbimg asks for is a lowest one, so it is what the range allows. */
function lowest(range) {
  return range.replace(/^[\^~]/, '');
}

let added = 0;
for (const [location, entry] of Object.entries(packages)) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    const platform = NAME.exec(name);
    const version = lowest(range);
    const candidates = places(location, name);
    if (platform === null || candidates.some((place) => packages[place]?.version === version)) continue;
    // The outermost free place, as npm would choose.
    const free = candidates.reverse().find((place) => packages[place] === undefined);
    const [, os, cpu, musl] = platform;
    packages[free] = {
      version,
      cpu: [cpu],
      ...(entry.dev ? { dev: true } : {}),
      ...(musl ? { libc: ['musl'] } : {}),
      ...(entry.license ? { license: entry.license } : {}),
      optional: true,
      os: [os === 'windows' ? 'win32' : os],
      ...(entry.engines ? { engines: entry.engines } : {}),
    };
    added++;
  }
}
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} platform packages added to package-lock.json`);
