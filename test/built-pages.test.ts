import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';

jest.setTimeout(120_000);

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A project with a page of two files that stands for the desk. */
let project: string;
beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'credit-note-refunds-pages-'));
  for (const folder of ['scripts', 'explorer', 'reference'])
    await cp(join(ROOT, folder), join(project, folder), { recursive: true });
  await mkdir(join(project, 'web'));
  const config = "{ base: '/desk/', build: { outDir: '../dist/web', emptyOutDir: true } }";
  await writeFile(join(project, 'web', 'vite.config.ts'), `export default ${config};\n`);
  await writeFile(join(project, 'web', 'index.html'), '<!doctype html><script type="module" src="./main.js"></script>\n');
  await show('first');
  await writeFile(join(project, 'package.json'), '{"type":"module"}');
  await writeFile(join(project, 'package-lock.json'), '{}');
  await symlink(join(ROOT, 'node_modules'), join(project, 'node_modules'));
});
afterEach(() => rm(project, { recursive: true }));

const show = (text: string) => writeFile(join(project, 'web', 'main.js'), `document.title = '${text}';\n`);

const CALL = "process.exitCode = await (await import('./scripts/build-pages.mjs')).buildPages();";
const build = () => execFileSync(process.execPath, ['--input-type=module', '--eval', CALL], { cwd: project, stdio: 'pipe' });

const built = (path: string) => join(project, 'dist', path);
const scripts = () => readdirSync(built('web/assets')).filter((name) => name.endsWith('.js'));
const writtenAt = (path: string) => statSync(built(path)).mtimeMs;

it('builds both pages, and each file in a compressed form, too', () => {
  build();

  const [script = ''] = scripts();
  const page = readFileSync(built('web/index.html'), 'utf8');
  expect(page).toContain(`src="/desk/assets/${script}"`);
  expect(gunzipSync(readFileSync(built('web/index.html.gz'))).toString()).toBe(page);
  expect(gunzipSync(readFileSync(built(`web/assets/${script}.gz`))).toString()).toContain('first');
  expect(readFileSync(built('graphiql/index.html'), 'utf8')).toContain('/graphiql/assets/');
});

it('builds nothing that has not changed', () => {
  build();
  const before = [writtenAt('web/index.html'), writtenAt('graphiql/index.html')];
  build();

  expect([writtenAt('web/index.html'), writtenAt('graphiql/index.html')]).toEqual(before);
});

it('builds the page that has changed, without the files of the build before', async () => {
  build();
  const [before] = scripts();
  const explorer = writtenAt('graphiql/index.html');
  await show('second');
  build();

  expect(scripts()).toHaveLength(1);
  expect(scripts()).not.toEqual([before]);
  expect(readFileSync(built(`web/assets/${scripts()[0]}`), 'utf8')).toContain('second');
  expect(readdirSync(built('web/assets')).filter((name) => name.endsWith('.gz'))).toEqual([`${scripts()[0]}.gz`]);
  expect(writtenAt('graphiql/index.html')).toBe(explorer);
});

it('builds a page again after a new version of a package, and after a build that failed', async () => {
  build();
  const before = writtenAt('web/index.html');
  await writeFile(join(project, 'package-lock.json'), '{"lockfileVersion":3}');
  build();
  expect(writtenAt('web/index.html')).toBeGreaterThan(before);

  await writeFile(join(project, 'web', 'main.js'), 'this is no JavaScript');
  expect(build).toThrow();
  expect(build).toThrow();
  await show('third');
  build();
  expect(readFileSync(built(`web/assets/${scripts()[0]}`), 'utf8')).toContain('third');
});

it('keeps the built pages where their tools are not installed, as in production', async () => {
  build();
  await rm(join(project, 'node_modules'));
  await show('never built');
  build();

  expect(readFileSync(built(`web/assets/${scripts()[0]}`), 'utf8')).toContain('first');
  expect(existsSync(built('graphiql/index.html'))).toBe(true);
});
