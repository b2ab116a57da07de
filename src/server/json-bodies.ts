import { errorCodes, type FastifyInstance, type FastifyRequest } from 'fastify';
import { LENGTHS, MAX_ITEMS } from '../inputs/lengths.js';
import { parseJson } from '../values/json.js';
import { bodyLength, expectsContinue } from './request-metadata.js';

/** Body limit of the documented REST API, in bytes. */
export const REST_BODY_LIMIT = 100 * 1024;

/** The longest form of a character: a surrogate pair in two escapes, escaped again because the document is JSON: `\\ud83d\\ude00`. */
const BYTES_PER_CHARACTER = 14;

/** Field names, ids, amounts and dates of one item. */
const BYTES_BESIDE_TEXT = 1024;

/** The document and its other variables. */
const BYTES_OF_DOCUMENT = 64 * 1024;

const REFUNDS = MAX_ITEMS * itemBytes(LENGTHS.reference + LENGTHS.refundDescription);
const LINES = MAX_ITEMS * itemBytes(LENGTHS.lineDescription) + itemBytes(LENGTHS.number + LENGTHS.reference + LENGTHS.note);

/** Body limit of GraphQL, in bytes: the longest list of refunds and the longest credit note fit, with the longest texts. */
export const GRAPHQL_BODY_LIMIT = Math.max(REFUNDS, LINES) + BYTES_OF_DOCUMENT;

/** Parses bodies as JSON with exact numbers, and refuses all other media types, charsets and encodings. */
export function readJsonBodies(app: FastifyInstance): void {
  app.addHook('preParsing', async (request, reply) => {
    const { headers, method, routeOptions } = request;
    // Nothing is deleted in a format: a client may name one for all its requests.
    if (method === 'DELETE' && bodyLength(request) === 0) delete headers['content-type'];
    if (!expectsContinue(request) || !isJson(request) || /^(GET|HEAD)$/.test(method)) return;
    assertPlainUtf8(request);
    if (Number(headers['content-length'] ?? 0) <= routeOptions.bodyLimit) reply.raw.writeContinue();
  });
  app.addHook('onSend', (request, reply, _payload, done) => {
    if (isUnread(request)) reply.header('connection', 'close');
    done();
  });
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
  const isPlain =
    /^(identity)?$/i.test(headers['content-encoding'] ?? '') && /^chunked$/i.test(headers['transfer-encoding'] ?? 'chunked');
  if (!/^utf-?8$/i.test(charset) || !isPlain) throw new errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE();
}

/** Whether the body is announced as JSON. Fastify refuses all others, without reading them. */
function isJson({ headers }: FastifyRequest): boolean {
  return /^\s*application\/json\s*(;|$)/i.test(headers['content-type'] ?? '');
}

/**
 * Whether a long body has not been read, or one that its client may not send. Node.js would read all of it before the next request of the connection,
 * so the connection is closed instead.
 */
function isUnread(request: FastifyRequest): boolean {
  const length = bodyLength(request);
  return request.body === undefined && (length > REST_BODY_LIMIT || (length > 0 && expectsContinue(request)));
}

function itemBytes(characters: number): number {
  return characters * BYTES_PER_CHARACTER + BYTES_BESIDE_TEXT;
}
