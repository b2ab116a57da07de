import { resolve } from 'node:path';
import type { Demo } from './demo.js';

export interface Audience {
  /** The path of demo.json. */
  readonly file: string;
  /** Output that is no terminal may be a log, which must not hold a key. */
  readonly isTerminal: boolean;
  /** Whether the gateway serves pages for people. */
  readonly hasPages: boolean;
}

/** Returns the message of a demo's start: the address to open, and the key. */
export function welcome(url: string, { apiKey }: Demo, { file, isTerminal, hasPages }: Audience): string {
  return `
  ${hasPages ? `Open ${url}/` : `Send requests to ${url}/graphql`}

  Demo API key: ${isTerminal ? apiKey : `in ${resolve(file)}`}

`;
}
