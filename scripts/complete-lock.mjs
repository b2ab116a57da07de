// Completes package-lock.json after `npm install` ran against a registry that lacks some platforms' packages.
//
// npm leaves an optional dependency that the registry does not serve out of the lock, and `npm ci` on any machine
// then stops with "Missing … from lock file". These packages hold one native binary each; their platform is in their
// name, so the entry that npm would have written can be written here (without the integrity, which only a registry that
// serves the package can tell). `--check` only reports.
import { readFileSync, writeFileSync } from 'node:fs';

const PLATFORM =
  /(?:cli|resolver-binding)-(android|darwin|freebsd|linux|openharmony|win32)-([a-z0-9]+?)(?:-?(gnu|musl|msvc)?(?:eabihf|eabi)?)?$/;
const CPU = { armeabi: 'arm', arm: 'arm' };

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const missing = [];
for (const [parent, { optionalDependencies = {} }] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const path = `node_modules/${name}`;
    if (lock.packages[path] || lock.packages[`${parent}/${path}`]) continue;
    const platform = PLATFORM.exec(name);
    if (!platform) throw new Error(`${name}, which ${parent} wants, is not in the lock, and its name tells no platform`);
    const [, os, cpu, libc] = platform;
    missing.push(name);
    lock.packages[path] = {
      version,
      cpu: [CPU[cpu] ?? cpu],
      dev: true,
      ...(os === 'linux' && { libc: [libc === 'musl' ? 'musl' : 'glibc'] }),
      optional: true,
      os: [os],
    };
  }
}
if (process.argv.includes('--check')) {
  if (missing.length > 0) throw new Error(`package-lock.json lacks ${missing.join(', ')}; run: node scripts/complete-lock.mjs`);
} else {
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
}
