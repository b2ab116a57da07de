import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { type Big, parseDecimal } from '../values/money.js';

/** What is there now is not what If-Match names, or is what If-None-Match names. */
export class PreconditionFailed extends Error {}

/** The tag of a credit note, with or without the hash of its content. */
const NOTE_TAG = /^"(?<id>\d{1,15})-(?<remaining>[\d.]{1,40})(?:-[\w-]{22})?"$/;

/**
 * Returns the amounts of remaining credit that the If-Match header accepts: one for each ETag of this credit note in its list. Weak tags and those of
 * other resources match nothing, so the list may be empty. `undefined`: the header accepts any amount.
 */
export function expectedRemaining(ifMatch: string | undefined, creditNoteId: string): readonly Big[] | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined;
  return tagsIn(ifMatch).flatMap((tag) => {
    const { id, remaining = '' } = NOTE_TAG.exec(tag)?.groups ?? {};
    const amount = id === creditNoteId ? parseDecimal(remaining) : null;
    // Another text for the same amount is no tag that a reply has.
    return amount?.toFixed() === remaining ? [amount] : [];
  });
}

/**
 * Returns the tag of a reply's content, after it has taken the `ETag` header from the reply and has checked If-Match.
 *
 * @throws {PreconditionFailed}
 */
export function takeMatchingTag(reply: FastifyReply, ifMatch: string | undefined, content: string): string {
  const before = reply.getHeader('etag');
  reply.removeHeader('etag');
  const etag = contentTag(content, before);
  assertMatching(ifMatch, etag, before);
  return etag;
}

/**
 * Checks the If-Match header, if there is one. The comparison is strong, as RFC 9110 wants it: a weak tag matches nothing.
 *
 * @param etags those of what is there now that are not weak
 * @throws {PreconditionFailed}
 */
export function assertMatching(ifMatch: string | undefined, ...etags: readonly unknown[]): void {
  const isAny = ifMatch === undefined || ifMatch.trim() === '*';
  if (isAny || tagsIn(ifMatch).some((tag) => etags.includes(tag))) return;
  throw new PreconditionFailed('No tag of If-Match is the ETag of what is there now; read it again');
}

/**
 * Checks the If-None-Match header of a method that writes.
 *
 * @param etag of what is there now
 * @throws {PreconditionFailed}
 */
export function assertUnknown(ifNoneMatch: string | undefined, etag: string): void {
  if (isKnown(ifNoneMatch, etag)) throw new PreconditionFailed('If-None-Match names what is there now');
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
  const header = ifNoneMatch ?? '';
  return header.trim() === '*' || tagsIn(header).some((tag) => tag.replace(/^W\//, '') === etag);
}

/** Returns the tags of a list. There may be commas inside of them. */
function tagsIn(list: string): string[] {
  return (list.match(/(?:[^",]|"[^"]*"?)+/g) ?? []).map((tag) => tag.trim());
}
