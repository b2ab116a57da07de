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
}

export const DESK: WebPage = { path: '/desk', folder: 'web' };

/** Returns whether the page has been built. */
export function isBuilt({ folder }: WebPage): boolean {
  return existsSync(new URL(`${folder}/index.html`, BUILT));
}

/** Serves the page and its files. A path below it whose last part has no dot is a view of the page, which its script shows. */
export async function serveWebPage(app: FastifyInstance, { path, folder }: WebPage): Promise<void> {
  const root = fileURLToPath(new URL(`${folder}/`, BUILT));
  const config = { isPublic: true, cors: false, pagePolicy: PAGE_POLICY } as const;
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
      if (!OF_FILE.test(file)) return reply.sendFile('index.html');
      return FILE.test(file) ? reply.sendFile(file) : reply.callNotFound();
    });
    done();
  });
}
