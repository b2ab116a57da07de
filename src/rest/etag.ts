import { type Big, parseDecimal } from '../values/money.js';

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

/** Whether the If-None-Match header has the tag. The comparison is weak, as RFC 9110 wants it. */
export function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  const tags = (ifNoneMatch ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etag);
}
