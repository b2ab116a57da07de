// Builds changed files if the compiler is installed. A production install has no compiler: it runs the result of an earlier `npm run build`.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const COMPILER = 'node_modules/.bin/tsc';

if (existsSync(COMPILER)) {
  process.exitCode = spawnSync(COMPILER, { stdio: 'inherit' }).status ?? 1;
} else if (!existsSync('dist/src/main.js')) {
  process.stderr.write(
    'The gateway is not built, and production dependencies alone cannot build it. Run: npm ci --include=dev && npm run build\n',
  );
  process.exitCode = 1;
}
