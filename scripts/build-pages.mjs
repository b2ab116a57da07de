// Builds the pages for people, each when one of its files has changed: the desk by Vite, from web/ to dist/web; and two pages which packages
// have built already: GraphiQL, from explorer/ to dist/graphiql, and Swagger UI, from reference/ to dist/reference. A page that cannot be built, because its tools are not installed, stays as it is.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const VITE = 'node_modules/.bin/vite';
const SCRIPT = 'scripts/build-pages.mjs';
const GRAPHIQL = 'node_modules/@graphql-yoga/render-graphiql/package.json';
const SWAGGER_UI = 'node_modules/@fastify/swagger-ui/package.json';

/** Returns the exit code. */
export async function buildPages() {
  if (existsSync(VITE)) {
    const inputs = hashOf([...filesIn('web'), 'package-lock.json', SCRIPT]);
    if (hasChanged('dist/web', inputs)) {
      process.stderr.write('Building the pages; this takes some seconds, after changes only.\n');
      const { status } = spawnSync(VITE, ['build', 'web', '--logLevel', 'warn'], { stdio: 'inherit' });
      if (status !== 0) return status ?? 1;
      finish('dist/web', inputs);
    }
  }
  if (existsSync(GRAPHIQL)) {
    const inputs = hashOf([...filesIn('explorer'), GRAPHIQL, SCRIPT]);
    if (hasChanged('dist/graphiql', inputs)) {
      await copyGraphiql(inputs);
      finish('dist/graphiql', inputs);
    }
  }
  if (existsSync(SWAGGER_UI)) {
    const inputs = hashOf([...filesIn('reference'), SWAGGER_UI, SCRIPT]);
    if (hasChanged('dist/reference', inputs)) {
      copySwaggerUi(inputs);
      finish('dist/reference', inputs);
    }
  }
  return 0;
}

/** Writes the parts of GraphiQL into files. The package would put all of them into one page, which a strict policy refuses. */
async function copyGraphiql(inputs) {
  const { js, css, editorWorkerService, jsonWorker, graphqlWorker } = await import('@graphql-yoga/render-graphiql/graphiql');
  writePage('graphiql', 'explorer', inputs, {
    'graphiql.js': js,
    'graphiql.css': css,
    'editorWorkerService.js': editorWorkerService,
    'json.js': jsonWorker,
    'graphql.js': graphqlWorker,
  });
}

function copySwaggerUi(inputs) {
  const read = (name) => [name, readFileSync(join('node_modules/@fastify/swagger-ui/static', name))];
  writePage('reference', 'reference', inputs, Object.fromEntries(['swagger-ui-bundle.js', 'swagger-ui.css'].map(read)));
}

/** Writes a page, its script, and the files of its package into a folder of `dist`. */
function writePage(name, source, inputs, files) {
  const folder = `assets/${inputs.slice(0, 16)}`;
  const target = join('dist', name);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(join(target, folder), { recursive: true });
  const all = { ...files, 'start.js': readFileSync(join(source, 'start.js')) };
  for (const [file, content] of Object.entries(all)) writeFileSync(join(target, folder, file), content);
  const page = readFileSync(join(source, 'index.html'), 'utf8').replaceAll('FILES', folder);
  writeFileSync(join(target, 'index.html'), page);
}

/** The name of the file with the hash of what a folder was built from. */
const BUILT_FROM = '.built-from';

function hasChanged(folder, inputs) {
  const file = join(folder, BUILT_FROM);
  return !existsSync(file) || readFileSync(file, 'utf8') !== inputs;
}

/** Adds the compressed form of each text, and the hash, so that the next build has nothing to do. */
function finish(folder, inputs) {
  for (const file of filesIn(folder)) {
    if (/\.(js|css|html|svg|json)$/.test(file)) writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
  }
  writeFileSync(join(folder, BUILT_FROM), inputs);
}

function filesIn(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}

function hashOf(files) {
  const hash = createHash('sha256');
  for (const file of files.sort()) hash.update(`${file}\n`).update(readFileSync(file)).update('\n');
  return hash.digest('hex');
}
