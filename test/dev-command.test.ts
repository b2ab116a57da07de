import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from '@jest/globals';

/** The second step of `npm run dev`, in a project of one file that stands for the gateway. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const GATEWAY = `
process.on('SIGTERM', () => { console.log('stopped by SIGTERM'); process.exit(0); });
process.on('SIGINT', () => { console.log('stopped by SIGINT'); process.exit(0); });
console.log('ready');
setInterval(() => undefined, 1000);
`;

let project: string;
let child: ChildProcess;
let output = '';
beforeEach(async () => {
  project = await realpath(await mkdtemp(join(tmpdir(), 'credit-note-refunds-dev-')));
  await mkdir(join(project, 'src'));
  await writeFile(join(project, 'src', 'main.ts'), GATEWAY);
  await writeFile(join(project, 'package.json'), '{"type":"module"}');
  const compilerOptions = {
    rootDir: '.',
    outDir: 'dist',
    module: 'nodenext',
    target: 'es2022',
    types: ['node'],
    skipLibCheck: true,
  };
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
  await symlink(join(ROOT, 'node_modules'), join(project, 'node_modules'));
  execFileSync(join(ROOT, 'node_modules', '.bin', 'tsc'), ['--project', project]);

  output = '';
  child = spawn(process.execPath, [join(ROOT, 'scripts', 'dev.mjs')], {
    cwd: project,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (text: Buffer) => {
      output += text.toString();
    });
  }
  while (!output.includes('ready')) await sleep(50);
});
afterEach(async () => {
  for (const { pid } of left()) process.kill(pid, 'SIGKILL');
  await rm(project, { recursive: true });
});

/** Processes whose command line contains the project's folder. */
function left(): { pid: number; command: string }[] {
  const lines = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' }).split('\n');
  return lines.filter((line) => line.includes(project)).map((line) => ({ pid: Number.parseInt(line, 10), command: line }));
}

it.each<[string, (pid: number) => void]>([
  ['Ctrl-C, which reaches the whole group', (pid) => process.kill(-pid, 'SIGINT')],
  ['SIGTERM', (pid) => process.kill(pid, 'SIGTERM')],
  ['a terminal that is closed', (pid) => process.kill(-pid, 'SIGHUP')],
])('ends all processes after %s, and signals the gateway once', async (_name, end) => {
  expect(left().length).toBeGreaterThanOrEqual(2);

  const ended = once(child, 'close');
  end(child.pid ?? Number.NaN);
  await ended;

  expect(left()).toEqual([]);
  expect(output.match(/stopped by/g)).toHaveLength(1);
});

it('restarts the gateway after a file has changed', async () => {
  await writeFile(join(project, 'src', 'main.ts'), GATEWAY.replace('ready', 'changed'));
  while (!output.includes('changed')) await sleep(50);
  const ended = once(child, 'close');
  child.kill();
  await ended;
  expect(left()).toEqual([]);
});
