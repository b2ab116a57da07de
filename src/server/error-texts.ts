import { ERRORS, type PublishedCode, titleOf, typeOf } from '../error-codes.js';

/**
 * Returns the text about each error code, by its path: the `type` of a problem (RFC 9457) is a link that people can open. `/errors` lists all.
 */
export function errorTexts(): ReadonlyMap<string, string> {
  const codes = Object.keys(ERRORS) as PublishedCode[];
  const texts = codes.map((code) => [typeOf(code), textOf(code)] as const);
  return new Map([['/errors', `${texts.map(([path]) => path).join('\n')}\n`], ...texts]);
}

function textOf(code: PublishedCode): string {
  const { status, fields = [], retryable, when } = ERRORS[code];
  const lines = [
    `Status: ${status}`,
    ...(fields.length > 0 ? [`Fields: ${fields.join(', ')}`] : []),
    `Retry: the cause ${retryable ? 'passes by itself, so that the same request may succeed later' : 'does not pass by itself'}`,
  ];
  return `${titleOf(code)} (${code})\n\n${when}\n\n${lines.join('\n')}\n`;
}
