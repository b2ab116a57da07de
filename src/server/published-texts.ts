import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { assertMatching, isKnown } from '../rest/etag.js';

/** Time that clients and caches keep a text before they ask again, in seconds. */
const MAX_AGE = 300;

/** The folder with `llms.txt` and `docs`. */
const ROOT = new URL('../../../', import.meta.url);

/** The media types of texts, by the extension of their path. */
const TYPES: Readonly<Record<string, string>> = { '.json': 'application/json', '.md': 'text/markdown' };

/**
 * Returns what is published for people and their tools, by its path: the contracts, `llms.txt`, the documents that it lists, and those
 * that these link to.
 */
export async function publishedTexts(schema: string, openApi: string): Promise<ReadonlyMap<string, string>> {
  const texts = new Map([
    ['/schema.graphql', schema],
    ['/openapi.json', openApi],
  ]);
  // A loop over a set also visits what is added meanwhile.
  const documents = new Set([new URL('llms.txt', ROOT).href]);
  for (const url of documents) {
    const text = await readFile(new URL(url), 'utf8');
    texts.set(`/${url.slice(ROOT.href.length)}`, text);
    for (const [, path = ''] of text.matchAll(/\]\(([\w./-]+\.md)[#)]/g)) documents.add(new URL(path, url).href);
  }
  return texts;
}

/** Serves the texts. The ETag of a text is the same in all processes of a version. Bytes take half the memory of a text that is not ASCII. */
export function serveTexts(app: FastifyInstance, texts: ReadonlyMap<string, string>): void {
  for (const [path, text] of texts) {
    const bytes = Buffer.from(text);
    const etag = `"${createHash('sha256').update(bytes).digest('base64url')}"`;
    const type = TYPES[extname(path)] ?? 'text/plain';
    app.get(path, { config: { isPublic: true } }, async (request, reply) => {
      assertMatching(request.headers['if-match'], etag);
      reply.headers({ etag, 'cache-control': `public, max-age=${MAX_AGE}` });
      if (isKnown(request.headers['if-none-match'], etag)) {
        reply.code(304);
        // For HEAD, Fastify replaces the content by its length.
        if (request.method === 'GET') return reply.send();
      }
      return reply.type(`${type}; charset=utf-8`).send(bytes);
    });
  }
}
