import { type InvalidField, InvalidInput } from '../errors.js';
import type { Slice } from '../reads/statements.js';

/** Size of a page of the legacy API's paged lists, unless the request has another. */
export const PAGE_SIZE = 12;

/** The most records of one reply. Lists that the legacy API does not page have as many, and a `Link` to the rest. */
export const MAX_RECORDS = 1_000;

const MAX_PAGE_NUMBER = 1_000_000;

export interface NumberedPage {
  readonly number: number;
  readonly size: number;
}

/**
 * Returns the page that the query string names.
 *
 * @throws {InvalidInput} if one of its numbers is wrong
 */
export function readPage(queryString: unknown, defaultSize: number): NumberedPage {
  const sent = queryString as Readonly<Record<string, unknown>>;
  const wrong: InvalidField[] = [];
  const read = (names: readonly string[], otherwise: number, max: number): number => {
    const [field = ''] = names;
    const value = names.map((name) => sent[name]).find((each) => each !== undefined && each !== '');
    if (value === undefined) return otherwise;
    const number = typeof value === 'string' && /^[1-9]\d{0,6}$/.test(value) ? Number.parseInt(value, 10) : max + 1;
    if (number > max) wrong.push({ field, constraints: { isPage: `${field} must be a whole number from 1 to ${max}` }, value });
    return number;
  };
  const page = { number: read(['page'], 1, MAX_PAGE_NUMBER), size: read(['page_size', 'pageSize'], defaultSize, MAX_RECORDS) };
  if (wrong.length > 0) throw new InvalidInput(wrong);
  return page;
}

export function sliceOf({ number, size }: NumberedPage): Slice {
  return { offset: (number - 1) * size, limit: size };
}

/** Returns the Link header to the next page; `undefined` on the last one. */
export function nextLink(url: string, { number, size }: NumberedPage, total: number): string | undefined {
  if (number * size >= total) return undefined;
  const [path] = url.split('?', 1);
  return `<${path}?page=${number + 1}&page_size=${size}>; rel="next"`;
}
