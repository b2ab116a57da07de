// Builds what has changed, where the compiler is installed. A production install has none: it runs what `npm run build` made before.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const COMPILER = 'node_modules/.bin/tsc';

if (existsSync(COMPILER)) {
  process.exitCode = spawnSync(COMPILER, { stdio: 'inherit' }).status ?? 1;
} else if (!existsSync('dist/src/main.js')) {
  process.stderr.write(
    'Nothing is built here, and production dependencies alone cannot build. Run: npm ci --include=dev && npm run build\n',
  );
  process.exitCode = 1;
}
