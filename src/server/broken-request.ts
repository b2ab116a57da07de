import { plainReply } from '../rest/errors.js';
import { SECURITY_HEADERS } from './web-security.js';

/** The largest header of a request. */
export const MAX_HEADER_BYTES = 16 * 1024;

/** The received bytes are not a request, or the rest of the request did not arrive in time. */
export class BrokenRequest extends Error {
  constructor(
    readonly status: 400 | 408 | 413 | 431,
    message: string,
  ) {
    super(message);
  }
}

/** Returns the fault that Node's error code stands for; `null` if the connection has ended and no request is at fault. */
export function brokenRequest(code: string): BrokenRequest | null {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new BrokenRequest(408, 'The request did not arrive in time');
  if (code === 'HPE_HEADER_OVERFLOW') return new BrokenRequest(431, `The header is larger than ${MAX_HEADER_BYTES} bytes`);
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return new BrokenRequest(413, 'The chunk extensions are too large');
  if (code === 'HPE_INVALID_EOF_STATE') return new BrokenRequest(400, 'The request ended before it was complete');
  return code?.startsWith('HPE_') ? new BrokenRequest(400, 'That is not a valid HTTP request') : null;
}

/** Node's error codes for bytes that do not begin like a request. After a request, such bytes get no reply of their own. */
export const NOT_A_REQUEST: ReadonlySet<string> = new Set(['HPE_INVALID_METHOD', 'HPE_INVALID_CONSTANT', 'HPE_CLOSED_CONNECTION']);

/** Returns the bytes of a reply that ends the connection. It has the format of REST errors, because the path, and so the door, is unknown. */
export function rawReply({ status, message }: BrokenRequest, requestId: string): string {
  const { body, contentType } = plainReply(status, message, { requestId, accept: undefined });
  const text = JSON.stringify(body);
  return [
    `HTTP/1.1 ${status} ${(body as { error: string }).error}`,
    `content-type: ${contentType}; charset=utf-8`,
    `content-length: ${Buffer.byteLength(text)}`,
    `x-request-id: ${requestId}`,
    `date: ${new Date().toUTCString()}`,
    ...Object.entries(SECURITY_HEADERS).map((header) => header.join(': ')),
    'connection: close',
    '',
    text,
  ].join('\r\n');
}
