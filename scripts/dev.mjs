// npm run dev: builds after each change of a file, and restarts the gateway. When this process ends, it ends all processes that it started.
// The watch mode of tsc is not used: in TypeScript 7.0.2 it does not notice changes on every file system.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The build waits this long after a change, because editors write a file in several steps. */
const SETTLED_MS = 100;

/** Time for the gateway to finish the requests in flight and to stop its database. */
const STOP_TIMEOUT_MS = 30_000;

// Process groups of their own: a terminal's Ctrl-C reaches the gateway only through this process, and thus once. A second signal would
// end the gateway at once.
const options = { stdio: ['ignore', 'inherit', 'inherit'], detached: true };
const gateway = spawn(process.execPath, ['--watch', join(process.cwd(), 'dist', 'src', 'main.js')], options);
const gatewayEnds = once(gateway, 'exit');
let compiler;

let building = false;
let wanted = false;
async function build() {
  wanted = true;
  if (building) return;
  building = true;
  while (wanted) {
    await sleep(SETTLED_MS);
    wanted = false;
    compiler = spawn(join('node_modules', '.bin', 'tsc'), ['--project', join(process.cwd(), 'tsconfig.json')], options);
    await once(compiler, 'exit');
  }
  building = false;
}
const onChange = (_event, file) => void (/\.ts$/.test(file ?? '') && build());
const watchers = [watch('src', { recursive: true }, onChange), watch('.', onChange)];

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'].map((name) => once(process, name));
const [code] = await Promise.race([...signals, gatewayEnds]);
for (const watcher of watchers) watcher.close();
compiler?.kill('SIGKILL');
// `node --watch` forwards the signal to the gateway, and waits for its end.
gateway.kill('SIGTERM');
await Promise.race([gatewayEnds, sleep(STOP_TIMEOUT_MS, undefined, { ref: false })]);
try {
  process.kill(-gateway.pid, 'SIGKILL');
} catch {
  // The whole group has already ended.
}
process.exit(typeof code === 'number' ? code : 0);
