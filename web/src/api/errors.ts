import { CombinedGraphQLErrors, type ErrorLike, ServerError } from '@apollo/client';
import type { GraphQLFormattedError } from 'graphql';

/** An error as a form shows it: the server's words, and the field that they belong to. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly field: string | null;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Codes that leave open whether a command was done. Any other one says that nothing was written. */
const UNDECIDED = new Set(['INTERNAL_SERVER_ERROR', 'SERVICE_UNAVAILABLE', 'REPLY_INCOMPLETE']);

/** Codes of a credential that is not accepted. */
const ACCESS = new Set(['UNAUTHENTICATED', 'FORBIDDEN']);

/** Whether it is unknown if the command was done: there was no reply, or one that does not say it. */
export function isUndecided(error: ErrorLike): boolean {
  return !CombinedGraphQLErrors.is(error) || error.errors.some((each) => UNDECIDED.has(codeOf(each)));
}

/**
 * Whether the request was turned away before the gateway looked its idempotency key up, such as for its credential. Then it did nothing, and says
 * nothing about an earlier attempt with the same key.
 */
export function isTurnedAway(error: ErrorLike): boolean {
  const isPassing = ({ extensions }: Pick<GraphQLFormattedError, 'extensions'>): boolean => extensions?.retryable === true;
  return CombinedGraphQLErrors.is(error) && error.errors.some((each) => isPassing(each) || ACCESS.has(codeOf(each)));
}

/** Returns the errors of a reply, one for each wrong field. */
export function problemsOf(error: ErrorLike): readonly Problem[] {
  if (!CombinedGraphQLErrors.is(error)) return [{ code: 'NETWORK', message: inWords(error), field: null, details: {} }];
  return error.errors.map((each) => ({
    code: codeOf(each),
    message: each.message,
    field: textOrNull(each.extensions?.field),
    details: recordOf(each.extensions?.details),
  }));
}

/** Says in plain words why a request failed, and when to try again. */
export function inWords(error: ErrorLike): string {
  if (CombinedGraphQLErrors.is(error)) {
    const wait = error.errors.map(({ extensions }) => Number(extensions?.retryAfter)).find((seconds) => seconds > 0);
    const codes = error.errors.map(codeOf);
    if (codes.includes('RATE_LIMITED')) return `Too many requests were sent. Try again ${after(wait)}.`;
    if (wait !== undefined) return `The gateway is busy. Try again ${after(wait)}.`;
    return error.errors.map(({ message }) => message).join(' ');
  }
  if (ServerError.is(error)) {
    const wait = Number(error.response.headers.get('retry-after')) || undefined;
    return `The gateway cannot answer at present (status ${error.statusCode}). Try again ${after(wait)}.`;
  }
  if (error.name === 'TimeoutError') return 'The gateway did not answer in time.';
  return 'The gateway cannot be reached. Check your connection, and try again.';
}

export function codeOf({ extensions }: Pick<GraphQLFormattedError, 'extensions'>): string {
  return textOrNull(extensions?.code) ?? '';
}

function after(seconds: number | undefined): string {
  if (seconds === undefined) return 'in a moment';
  return seconds === 1 ? 'in a second' : `in ${seconds} seconds`;
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
