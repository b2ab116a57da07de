import Negotiator from 'negotiator';

/** The format of the legacy API, and that of RFC 9457. */
const ERROR_FORMATS = ['application/json', 'application/problem+json'] as const;

export type ErrorFormat = (typeof ERROR_FORMATS)[number];

/** A parameter of a media type, but not its weight. */
const PARAMETER = /;\s*(?!q\s*=)[\w!#$%&'*+.^`|~-]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,"]*)/gi;

/**
 * Returns the format of errors that the Accept header prefers, by its weights; of two with the same weight, the one that it names first. A wildcard
 * means the legacy format. Parameters such as `charset` change nothing. `null` if the header allows neither, and so no JSON at all.
 */
export function errorFormat(accept: string | undefined): ErrorFormat | null {
  if (!accept) return 'application/json';
  const negotiator = new Negotiator({ headers: { accept: accept.replaceAll(PARAMETER, '') } });
  return (negotiator.mediaType([...ERROR_FORMATS]) as ErrorFormat | undefined) ?? null;
}
