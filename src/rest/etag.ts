import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { type Big, parseDecimal } from '../values/money.js';

/** No tag of If-Match is that of what is there now. */
export class PreconditionFailed extends Error {
  constructor() {
    super('No tag of If-Match is the ETag of what is there now; read it again');
  }
}

/**
 * Returns the amounts of remaining credit that the If-Match header accepts: one for each ETag of this credit note in its list. Weak tags and those of
 * other resources match nothing, so the list may be empty. `undefined`: the header accepts any amount.
 */
export function expectedRemaining(ifMatch: string | undefined, creditNoteId: string): readonly Big[] | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined;
  const tags = ifMatch.matchAll(/(?<weak>W\/)?"(?<id>\d{1,15})-(?<remaining>[\d.]{1,40})(?:-[\w-]{22})?"/g);
  return [...tags].flatMap(({ groups: { weak, id, remaining = '' } = {} }) => {
    const amount = weak === undefined && id === creditNoteId ? parseDecimal(remaining) : null;
    return amount === null ? [] : [amount];
  });
}

/**
 * Returns the tag of a reply's content, after it has taken the `ETag` header from the reply and has checked If-Match, if the request has it. The comparison is
 * strong, as RFC 9110 wants it: a weak tag matches nothing.
 *
 * @throws {PreconditionFailed}
 */
export function takeMatchingTag(reply: FastifyReply, ifMatch: string | undefined, content: string): string {
  const before = reply.getHeader('etag');
  reply.removeHeader('etag');
  const etag = contentTag(content, before);
  const isAny = ifMatch === undefined || ifMatch.trim() === '*';
  if (!isAny && !ifMatch.split(',').some((tag) => [etag, before].includes(tag.trim()))) throw new PreconditionFailed();
  return etag;
}

/**
 * Returns the tag of a reply's content. A credit note has a tag already, which stands for its remaining credit alone: it stays as the beginning, so that
 * the new tag can be sent in If-Match with a refund.
 */
function contentTag(content: string, before: unknown): string {
  const hash = createHash('sha256').update(content).digest('base64url').slice(0, 22);
  return typeof before === 'string' ? before.replace(/"$/, `-${hash}"`) : `"${hash}"`;
}

/** Whether the If-None-Match header has the tag. The comparison is weak, as RFC 9110 wants it. */
export function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  const tags = (ifNoneMatch ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etag);
}
