const EXAMPLE = 'must be a URL such as postgres://user:password@host:5432/database';

/** Parameters that pg reads. It silently ignores all others. */
const PARAMETERS: readonly string[] = [
  'host',
  'port',
  'user',
  'password',
  'ssl',
  'sslmode',
  'sslcert',
  'sslkey',
  'sslrootcert',
  'sslnegotiation',
  'uselibpqcompat',
  'application_name',
  'options',
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
];

/** Allowed values of the parameters that are most often misspelt. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  ssl: ['true', '1', '0'],
  sslmode: ['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'],
  sslnegotiation: ['postgres', 'direct'],
  uselibpqcompat: ['true', 'false'],
};

/**
 * Returns the text, after checking that pg interprets the whole URL as intended.
 *
 * @throws {Error} whose message names the rule, but not the URL with its password
 */
export function databaseUrl(text: string): string {
  const [, authority = ''] = /^[^/]*\/\/([^/?#]*)/.exec(text) ?? [];
  if (authority.slice(authority.lastIndexOf('@') + 1).includes(',')) throw new Error(ONE_HOST);
  if (!URL.canParse(text) || /\s/.test(text)) throw new Error(EXAMPLE);
  const { protocol, pathname, hash, searchParams } = new URL(text);
  if (!/^postgres(ql)?:$/.test(protocol) || pathname.length < 2) throw new Error(EXAMPLE);
  if (hash !== '') throw new Error(`${EXAMPLE}; a # in the password is written %23`);
  if (!/^(?:[^%]|%[\da-f]{2})*$/i.test(text)) throw new Error(`${EXAMPLE}; a % in the password is written %25`);
  if (new Set(searchParams.keys()).size < searchParams.size) throw new Error('must have each parameter once');
  for (const [name, value] of searchParams) {
    if (!PARAMETERS.includes(name)) throw new Error(`must have no parameters but ${PARAMETERS.join(', ')}`);
    if (VALUES[name]?.includes(value) === false) throw new Error(`must have as ${name} one of: ${VALUES[name].join(', ')}`);
  }
  if (/,/.test(`${searchParams.get('host')}${searchParams.get('port')}`)) throw new Error(ONE_HOST);
  return text;
}

const ONE_HOST = 'must name one host: a name or address that follows the server that takes writes';
