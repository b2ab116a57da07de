import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import { assertMatching, isKnown } from '../rest/etag.js';
import { PAGE_POLICY } from './web-security.js';

const expand = promisify(gunzip);

/** The folder of everything that has been built. */
const BUILT = fileURLToPath(new URL('../../', import.meta.url));

/** The paths of files, by which they differ from those of views. */
const OF_FILE = /^assets(\/|$)|\.[^/]*$/;

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** A page that `npm run build` builds. */
export interface WebPage {
  /** The path that the page is served at. Its files and views are below. */
  readonly path: string;
  /** The folder of the page and its files. */
  readonly folder: string;
  /** Whether the script of the page shows a view of its own for each path below it. */
  readonly hasViews: boolean;
  readonly policy: string;
}

export const DESK: WebPage = { path: '/desk', folder: 'web', hasViews: true, policy: PAGE_POLICY };

/** Its editor, Monaco, adds styles while it runs, checks texts in workers, and has its icons in a font within its styles. */
const GRAPHIQL_POLICY = PAGE_POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
  .replace("font-src 'self'", "font-src 'self' data:")
  .replace("connect-src 'self'", "connect-src 'self'; worker-src 'self'");

export const GRAPHIQL: WebPage = { path: '/graphiql', folder: 'graphiql', hasViews: false, policy: GRAPHIQL_POLICY };

/** Swagger UI: the reference of REST. */
export const REFERENCE: WebPage = { path: '/docs', folder: 'reference', hasViews: false, policy: PAGE_POLICY };

/** Returns whether the page has been built. */
export function isBuilt({ folder }: WebPage): boolean {
  return existsSync(join(BUILT, folder, 'index.html'));
}

/**
 * Serves the page and its files. A path below it whose last part has no dot is a view of the page. The files are kept in memory: so they fit
 * together as long as the process runs, no request reaches the disk, and replies that nobody reads count like all others. Texts are kept in
 * their compressed form alone, a fifth of the bytes.
 */
export async function serveWebPage(app: FastifyInstance, { path, folder, hasViews, policy }: WebPage): Promise<void> {
  const files = await readFiles(join(BUILT, folder));
  const config = { isPublic: true, cors: false, pagePolicy: policy } as const;
  app.get(path, { config }, (request, reply) => send(files.get('index.html'), request, reply));
  app.get<{ Params: { '*': string } }>(`${path}/*`, { config }, (request, reply) => {
    const name = request.params['*'];
    return send(files.get(hasViews && !OF_FILE.test(name) ? 'index.html' : name), request, reply);
  });
}

interface WebFile {
  readonly headers: Readonly<Record<string, string>>;
  readonly tag: string;
  readonly plain: () => Promise<Buffer>;
  readonly compressed: Buffer | undefined;
}

async function send(file: WebFile | undefined, { headers, method }: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  if (file === undefined) {
    reply.callNotFound();
    return reply;
  }
  const { tag, plain, compressed } = file;
  assertMatching(headers['if-match']);
  reply.headers(file.headers);
  if (isKnown(headers['if-none-match'], tag)) {
    reply.code(304);
    // For HEAD, Fastify replaces the content by its length.
    if (method === 'GET') return reply.send();
  }
  const isCompressed = compressed !== undefined && new Negotiator({ headers }).encoding(['gzip', 'identity']) === 'gzip';
  return isCompressed ? reply.header('content-encoding', 'gzip').send(compressed) : reply.send(await plain());
}

/** Reads the files of a folder, by their paths in it. The build adds a file `x.gz` to a text `x`, which is read in its place. */
async function readFiles(folder: string): Promise<ReadonlyMap<string, WebFile>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)).split(sep).join('/'));
  const compressed = new Set(paths.filter((path) => path.endsWith('.gz')));
  const names = paths.filter((path) => !compressed.has(path));
  const files = names.map(async (name) => {
    const isCompressed = compressed.has(`${name}.gz`);
    const content = await readFile(join(folder, isCompressed ? `${name}.gz` : name));
    return [name, fileOf(name, content, isCompressed)] as const;
  });
  return new Map(await Promise.all(files));
}

function fileOf(name: string, content: Buffer, isCompressed: boolean): WebFile {
  const tag = `"${createHash('sha256').update(content).digest('base64url')}"`;
  const headers = {
    'content-type': TYPES[extname(name)] ?? 'application/octet-stream',
    // The names of files in `assets` have a hash of their content.
    'cache-control': name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    // Weak, because both forms of a text have the same.
    etag: `W/${tag}`,
    vary: 'accept-encoding',
  };
  return isCompressed
    ? { headers, tag, plain: expansion(content), compressed: content }
    : { headers, tag, plain: async () => content, compressed: undefined };
}

/** Returns a function that expands the text. Those who ask at the same time share the result, which is not kept. */
function expansion(compressed: Buffer): () => Promise<Buffer> {
  let expanding: Promise<Buffer> | undefined;
  return () => {
    expanding ??= expand(compressed).finally(() => {
      expanding = undefined;
    });
    return expanding;
  };
}
