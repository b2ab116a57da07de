// npm run dev: builds when a file has changed, and starts the gateway again with it. Whatever ends this ends all that it started.
// The watch mode of tsc is not used: that of TypeScript 7.0.2 does not notice changes on every file system.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Editors write a file in several steps. */
const SETTLED_MS = 100;

/** How long the gateway may take to finish what is in flight and to stop its database. */
const PATIENCE_MS = 30_000;

// Groups of their own: Ctrl-C in a terminal reaches them once, through us. To a gateway, a second signal means to drop everything.
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
// It passes the signal on to the gateway, and waits for its end.
gateway.kill('SIGTERM');
await Promise.race([gatewayEnds, sleep(PATIENCE_MS, undefined, { ref: false })]);
try {
  process.kill(-gateway.pid, 'SIGKILL');
} catch {
  // The whole group has ended, as it should.
}
process.exit(typeof code === 'number' ? code : 0);
