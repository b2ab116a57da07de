import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { isKnown } from '../rest/etag.js';

/** Time that clients and caches keep a text before they ask again, in seconds. */
const MAX_AGE = 300;

/** The folder with `llms.txt` and `docs`. */
const ROOT = new URL('../../../', import.meta.url);

/** The media types of texts, by the extension of their path. */
const TYPES: Readonly<Record<string, string>> = { '.json': 'application/json', '.md': 'text/markdown' };

/** Returns what is published for people and their tools, by its path: the contracts, `llms.txt`, and the documents that it lists. */
export async function publishedTexts(schema: string, openApi: string): Promise<ReadonlyMap<string, string>> {
  const list = await readFile(new URL('llms.txt', ROOT), 'utf8');
  const documents = [...list.matchAll(/\((docs\/[\w/-]+\.md)\)/g)].map(([, path = '']) => path);
  const texts = documents.map(async (path) => [`/${path}`, await readFile(new URL(path, ROOT), 'utf8')] as const);
  return new Map([['/schema.graphql', schema], ['/openapi.json', openApi], ['/llms.txt', list], ...(await Promise.all(texts))]);
}

/** Serves the texts. The ETag of a text is the same in all processes of a version. Bytes take half the memory of a text that is not ASCII. */
export function serveTexts(app: FastifyInstance, texts: ReadonlyMap<string, string>): void {
  for (const [path, text] of texts) {
    const bytes = Buffer.from(text);
    const etag = `"${createHash('sha256').update(bytes).digest('base64url')}"`;
    const type = TYPES[extname(path)] ?? 'text/plain';
    app.get(path, { config: { isPublic: true } }, async (request, reply) => {
      reply.headers({ etag, 'cache-control': `public, max-age=${MAX_AGE}` });
      if (isKnown(request.headers['if-none-match'], etag)) return reply.code(304).send();
      return reply.type(`${type}; charset=utf-8`).send(bytes);
    });
  }
}
