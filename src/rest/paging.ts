import { InvalidInput } from '../domain-error.js';
import type { Slice } from '../reads/statements.js';
import type { Choosable } from './list-choices.js';
import { camelCase } from './names.js';
import { QueryNumbers } from './query-numbers.js';

/** The number of records of a reply. */
export interface PageSizes {
  /** Unless the request has another. */
  readonly usual: number;
  readonly max: number;
}

/** How many records a list returns, what each costs, and what may be chosen of it. */
export interface Listing extends Choosable {
  readonly sizes: PageSizes;
  readonly cost: number;
  /** The relation to the lines of a record that the reply has too. */
  readonly lines?: string;
  /** Whether the reply says how many records the list has. Otherwise only those up to the end of the page are counted, and whether there are more. */
  readonly hasTotal?: boolean;
}

/** Lists that the legacy API has in pages. The legacy web app asks for all customers at once. */
export const CREDIT_NOTES: PageSizes = { usual: 12, max: 100 };
export const CUSTOMERS: PageSizes = { usual: 12, max: 500 };

/** Lists that the legacy API returns as a whole. Here they have a `Link` to the rest. */
export const REFUNDS: PageSizes = { usual: 200, max: 200 };
export const RECORDS: PageSizes = { usual: 500, max: 500 };

/** The most records before a page. The database reads them all, to skip them. */
export const MAX_SKIPPED = 10_000;

export interface NumberedPage {
  readonly number: number;
  readonly size: number;
}

/** The largest size that may be asked for. Clients that want a whole list name a number that is larger than any. */
export const MAX_ASKED = 1_000_000_000;

/**
 * Returns the page that the query string names. A first page that is longer than a reply may be has the records of the longest reply. Which records a later
 * one would have is not clear, so that it is refused.
 *
 * @throws {InvalidInput} if one of its numbers is wrong
 */
export function readPage(queryString: unknown, { usual, max }: PageSizes): NumberedPage {
  const numbers = new QueryNumbers(queryString);
  const asked = numbers.read('page_size', MAX_ASKED) ?? usual;
  const size = Math.min(asked, max);
  const number = numbers.read('page', Math.floor(MAX_SKIPPED / size) + 1) ?? 1;
  numbers.assertRight();
  if (asked > max && number > 1) {
    const reason = `page_size must be at most ${max} where page is greater than 1`;
    throw new InvalidInput([{ field: 'page_size', constraints: { max: reason }, value: String(asked) }]);
  }
  return { number, size };
}

/** Returns the refusal of a page whose records have too many lines for one reply. */
export function pageTooLarge(records: number, lines: number): InvalidInput {
  const reason = `page_size is too large: the ${records} records of this page have ${lines} lines in all; ask for fewer records`;
  return new InvalidInput([{ field: 'page_size', constraints: { isReadable: reason } }]);
}

export function sliceOf({ number, size }: NumberedPage): Slice {
  return { offset: (number - 1) * size, limit: size };
}

/** Returns the Link header to the next page of the same list; `undefined` on the last one. */
export function nextLink(url: string, { number, size }: NumberedPage, total: number): string | undefined {
  if (number * size >= total) return undefined;
  const [path, ...query] = url.split('?');
  const others = [...new URLSearchParams(query.join('?'))].filter(([name]) => !['page', 'pageSize'].includes(camelCase(name)));
  const next = new URLSearchParams([...others, ['page', String(number + 1)], ['page_size', String(size)]]);
  return `<${path}?${next}>; rel="next"`;
}
