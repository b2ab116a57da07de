import { errorCodes, type FastifyInstance, type FastifyRequest } from 'fastify';
import { parseJson } from '../values/json.js';

/** Parses bodies as JSON with exact numbers, and refuses all other media types, charsets and encodings. */
export function readJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (request: FastifyRequest, body: Buffer) => {
    // An unknown path is answered 404, even if the body is not JSON.
    if (request.is404) return undefined;
    assertPlainUtf8(request);
    return body.length === 0 ? undefined : parseJson(body);
  });
}

/** @throws Fastify's error for a media type that is not supported */
function assertPlainUtf8({ headers }: FastifyRequest): void {
  const charset = /charset\s*=\s*"?([^\s;"]+)/i.exec(headers['content-type'] ?? '')?.[1] ?? 'utf-8';
  const encoding = headers['content-encoding'] ?? 'identity';
  if (!/^utf-?8$/i.test(charset) || encoding !== 'identity') throw new errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE();
}
