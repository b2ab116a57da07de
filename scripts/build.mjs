// Builds changed files if the compiler is installed. A production install has no compiler: it runs the result of an earlier `npm run build`.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildPages } from './build-pages.mjs';

const COMPILER = 'node_modules/.bin/tsc';

if (existsSync(COMPILER)) {
  const status = spawnSync(COMPILER, { stdio: 'inherit' }).status ?? 1;
  if (status === 0) for (const folder of ['src', 'test', 'bench']) removeStale(folder);
  process.exitCode = status || (await buildPages());
} else if (!existsSync('dist/src/main.js')) {
  process.stderr.write(
    'The gateway is not built, and production dependencies alone cannot build it. Run: npm ci --include=dev && npm run build\n',
  );
  process.exitCode = 1;
}

/** The compiler keeps the output of deleted and renamed files, and Jest would run their tests. */
function removeStale(folder) {
  for (const name of readdirSync(join('dist', folder), { recursive: true })) {
    const source = join(folder, name.replace(/\.js(\.map)?$/, '.ts'));
    if (/\.js(\.map)?$/.test(name) && !existsSync(source)) rmSync(join('dist', folder, name));
  }
}
