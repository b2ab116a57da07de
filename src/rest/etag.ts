import { InvalidInput } from '../errors.js';
import { type Big, parseDecimal } from '../values/money.js';

/**
 * Returns the remaining credit that the If-Match header demands; `undefined` if it demands none.
 *
 * @throws {InvalidInput} if the header is no ETag of this credit note
 */
export function expectedRemaining(ifMatch: string | undefined, creditNoteId: string): Big | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined;
  const [, id, remaining = ''] = /^\s*"(\d+)-([\d.]+)"\s*$/.exec(ifMatch) ?? [];
  const expected = id === creditNoteId ? parseDecimal(remaining) : null;
  if (expected === null) {
    const reason = `If-Match must be the ETag of credit note ${creditNoteId}, as a reply gave it`;
    throw new InvalidInput([{ field: 'If-Match', constraints: { isETag: reason }, value: ifMatch }]);
  }
  return expected;
}
