// Completes package-lock.json after `npm install` ran against a registry that lacks some platforms' packages.
//
// npm omits an optional dependency from the lock if the registry does not serve it, and `npm ci` on any machine then stops with
// "Missing … from lock file". Each of these packages holds one native binary, and its name contains the platform. So this script
// can write the entry that npm would have written, except for the integrity, which only a registry with the package knows.
// `--check` fails if entries are missing, and writes nothing.
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
    if (!platform) throw new Error(`The lock lacks ${name}, a dependency of ${parent}, whose name contains no known platform`);
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
