import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { PAGE_POLICY } from './web-security.js';

/** The folder of everything that has been built. */
const BUILT = new URL('../../', import.meta.url);

/** The paths of files, by which they differ from those of views. */
const OF_FILE = /^assets(\/|$)|\.[^/]*$/;

/** The names that the build gives to files. None begins with a dot. */
const FILE = /^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/;

/** For the files in `assets`, which have a hash of their content in their names. */
const FOREVER = 'public, max-age=31536000, immutable';

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

/** Returns whether the page has been built. */
export function isBuilt({ folder }: WebPage): boolean {
  return existsSync(new URL(`${folder}/index.html`, BUILT));
}

/** Serves the page and its files. A path below it whose last part has no dot is a view of the page. */
export async function serveWebPage(app: FastifyInstance, { path, folder, hasViews, policy }: WebPage): Promise<void> {
  const root = fileURLToPath(new URL(`${folder}/`, BUILT));
  const config = { isPublic: true, cors: false, pagePolicy: policy } as const;
  await app.register((files, _options, done) => {
    void files.register(fastifyStatic, {
      root,
      serve: false,
      preCompressed: true,
      cacheControl: false,
      setHeaders: (reply, file) => void reply.header('cache-control', file.startsWith(`${root}assets/`) ? FOREVER : 'no-cache'),
    });
    files.get(path, { config }, (_request, reply) => reply.sendFile('index.html'));
    files.get<{ Params: { '*': string } }>(`${path}/*`, { config }, (request, reply) => {
      const file = request.params['*'];
      if (hasViews && !OF_FILE.test(file)) return reply.sendFile('index.html');
      return FILE.test(file) ? reply.sendFile(file) : reply.callNotFound();
    });
    done();
  });
}
