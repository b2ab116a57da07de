import Negotiator from 'negotiator';

/** The format of the legacy API, and that of RFC 9457. */
const ERROR_FORMATS = ['application/json', 'application/problem+json'] as const;

export type ErrorFormat = (typeof ERROR_FORMATS)[number];

/** A parameter of a media type, but not its weight. */
const PARAMETER = /;\s*(?!q\s*=)[\w!#$%&'*+.^`|~-]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,"]*)/gi;

const WEIGHT = /;\s*q\s*=\s*"?([^\s;,"]*)"?/gi;

/** Makes everything acceptable that no other range of the header names. */
const ANYTHING_ELSE = '*/*;q=0.001';

/**
 * Returns the format of errors that the Accept header prefers, by its weights; of two with the same weight, the one that it names first. A wildcard
 * means the legacy format. Parameters such as `charset` change nothing. `null` if the header allows neither, and so no JSON at all.
 */
export function errorFormat(accept: string | undefined): ErrorFormat | null {
  if (!accept) return 'application/json';
  return preferred(rangesOf(accept), ERROR_FORMATS);
}

/**
 * Whether the client takes a reply in JSON. The most specific range of the Accept header counts: `application/json;q=0` forbids what a wildcard allows. A
 * client that names the format of errors alone gets JSON where there is no error.
 */
export function acceptsJson(accept: string | undefined): boolean {
  return errorFormat(accept) !== null && preferred(`${rangesOf(accept ?? '')}, ${ANYTHING_ELSE}`, ['application/json']) !== null;
}

function preferred<Type extends string>(accept: string, types: readonly Type[]): Type | null {
  return (new Negotiator({ headers: { accept } }).mediaType([...types]) as Type | undefined) ?? null;
}

/** Returns the ranges without their parameters, and with weights from 0 to 1. What is no number is no weight. */
function rangesOf(accept: string): string {
  return accept.replaceAll(PARAMETER, '').replaceAll(WEIGHT, (_, weight: string) => {
    const number = weight === '' ? Number.NaN : Number(weight);
    return Number.isNaN(number) ? '' : `;q=${Math.min(Math.max(number, 0), 1)}`;
  });
}
