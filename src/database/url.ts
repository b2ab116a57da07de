const EXAMPLE = 'must be a URL such as postgres://user:password@host:5432/database';

/** Parameters that pg reads. It passes over all others without a word. */
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

/** Values of parameters that are written wrongly more often than others. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  ssl: ['true', '1', '0'],
  sslmode: ['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'],
  sslnegotiation: ['postgres', 'direct'],
  uselibpqcompat: ['true', 'false'],
};

/**
 * A URL of PostgreSQL that pg reads as it is meant.
 *
 * @throws {Error} with what it must be, and without its value
 */
export function databaseUrl(text: string): string {
  const [, authority = ''] = /^[^/]*\/\/([^/?#]*)/.exec(text) ?? [];
  if (authority.slice(authority.lastIndexOf('@') + 1).includes(',')) throw new Error(ONE_HOST);
  if (!URL.canParse(text) || /\s/.test(text)) throw new Error(EXAMPLE);
  const { protocol, pathname, hash, searchParams } = new URL(text);
  if (!/^postgres(ql)?:$/.test(protocol) || pathname.length < 2) throw new Error(EXAMPLE);
  if (hash !== '') throw new Error(`${EXAMPLE}; a # in the password is written %23`);
  if (new Set(searchParams.keys()).size < searchParams.size) throw new Error('must have each parameter once');
  for (const [name, value] of searchParams) {
    if (!PARAMETERS.includes(name)) throw new Error(`must have no parameters but ${PARAMETERS.join(', ')}`);
    if (VALUES[name]?.includes(value) === false) throw new Error(`must have as ${name} one of: ${VALUES[name].join(', ')}`);
  }
  if (/,/.test(`${searchParams.get('host')}${searchParams.get('port')}`)) throw new Error(ONE_HOST);
  return text;
}

const ONE_HOST = 'must name one host: a name or address that follows the server that takes writes';
