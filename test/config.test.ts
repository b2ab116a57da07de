import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { jwtKey } from '../src/auth/jwt.js';
import { ConfigurationError, readConfig } from '../src/config.js';

const SECRET = 'hunter2-hunter2-hunter2-hunter2!';

describe('without any variable', () => {
  it('listens on this machine only, on port 4000, and keeps an embedded database in .data', () => {
    expect(readConfig({})).toEqual({
      host: 'localhost',
      port: 4000,
      logLevel: 'info',
      dataDir: '.data',
      databaseUrl: null,
      bigcapital: { apiKey: null, timeoutSeconds: 60 },
      cell: null,
      jwt: null,
      duplicateWindowSeconds: 10,
      postingDaysAhead: 7,
      clientIp: 'connection',
      trustedProxies: 1,
      introspection: true,
      desk: true,
      corsOrigins: ['https://studio.apollographql.com', 'https://sandbox.embed.apollographql.com'],
      rateLimit: { perCredential: 10_000, perAddress: 300, store: 'memory' },
      poolSize: 24,
      requestWaitMs: 5000,
      maxEventLoopDelayMs: 1000,
      queryCostLimit: 20_000,
      trustedDocuments: null,
      federation: false,
      restContract: 'documented',
      restDeprecatedSince: null,
      allowedHosts: [],
      connections: { maxConnections: 1_000, requestSeconds: 30, keepAliveSeconds: 72, replySeconds: 60 },
      stopSeconds: 10,
    });
  });

  it('treats an empty variable as unset', () => {
    const empty = { PORT: '', DATABASE_URL: '', JWT_SECRET: '', LOG_LEVEL: '', NODE_ENV: '', CORS_ORIGINS: '', DATA_DIR: '' };
    expect(readConfig(empty)).toEqual(readConfig({}));
  });

  it('ignores variables of other programs', () => {
    expect(Object.keys(readConfig({ PASSWORD: SECRET }))).toEqual(Object.keys(readConfig({})));
  });
});

describe('a variable that is set', () => {
  const production = { NODE_ENV: 'production', DATABASE_URL: 'postgres://user:pass@db/books' };

  it('allows the demo in production only with DEMO', () => {
    expect(readConfig({ NODE_ENV: 'production', DEMO: '1' })).toMatchObject({ databaseUrl: null, introspection: false });
    expect(readConfig({ NODE_ENV: 'production', DEMO: 'true', DATABASE_URL: '' }).databaseUrl).toBeNull();
    expect(readConfig({ DEMO: '0' })).toEqual(readConfig({}));
  });

  it.each([
    'postgres://user:pass@db/books?sslmode=verify-full&sslrootcert=/etc/ca.pem&application_name=refunds',
    'postgres://user:pass@[::1]:5432/books',
    'postgres://user:a%23b%2Cc@db/books',
    'postgres://user:a,b@db/books',
    'postgres://user:pass@localhost/books?host=/var/run/postgresql&port=5433',
    'postgres://db/books?options=-c%20search_path%3Dpublic',
  ])('may be this database URL: %s', (DATABASE_URL) => {
    expect(readConfig({ DATABASE_URL }).databaseUrl).toBe(DATABASE_URL);
  });

  it.each(['localhost', '0.0.0.0', '::', '::1', 'gateway-1.internal', 'my_host'])('may be this host: %s', (HOST) => {
    expect(readConfig({ HOST }).host).toBe(HOST);
  });

  it.each(['a', '1', 'eu1', 'x'.repeat(12)])('may be this cell: %s', (CELL) => {
    expect(readConfig({ CELL }).cell).toBe(CELL);
  });

  it('limits connections, requests and replies', () => {
    const limits = { MAX_CONNECTIONS: '5', REQUEST_TIMEOUT_SECONDS: '4', KEEP_ALIVE_SECONDS: '3', REPLY_TIMEOUT_SECONDS: '2' };
    expect(readConfig({ ...limits, STOP_TIMEOUT_SECONDS: '0' })).toMatchObject({
      connections: { maxConnections: 5, requestSeconds: 4, keepAliveSeconds: 3, replySeconds: 2 },
      stopSeconds: 0,
    });
  });

  it('is ignored if it belongs to another program', () => {
    const theirs = {
      HOME: '/root',
      PORTS: '1',
      HOSTNAME: 'x',
      NODE_OPTIONS: '',
      TEST_DATABASE_URL: 'x',
      PGHOST: 'x',
      LOGNAME: 'x',
    };
    expect(readConfig(theirs)).toEqual(readConfig({}));
  });

  it('sets host, port, log level, data folder and database URL', () => {
    const config = readConfig({
      HOST: '0.0.0.0',
      PORT: '0',
      LOG_LEVEL: 'silent',
      DATA_DIR: '/var/lib/refunds',
      DATABASE_URL: 'postgresql://user:pass@db/books?sslmode=require',
    });
    expect(config).toMatchObject({ host: '0.0.0.0', port: 0, logLevel: 'silent', dataDir: '/var/lib/refunds' });
    expect(config.databaseUrl).toBe('postgresql://user:pass@db/books?sslmode=require');
  });

  it('hides the schema and the Sandbox in production, unless GRAPHQL_INTROSPECTION is true', () => {
    expect(readConfig(production)).toMatchObject({ introspection: false, desk: false, corsOrigins: [] });
    expect(readConfig({ ...production, GRAPHQL_INTROSPECTION: 'true' }).introspection).toBe(true);
    expect(readConfig({ GRAPHQL_INTROSPECTION: 'false' }).introspection).toBe(false);
    expect(readConfig({ ...production, DESK: 'on' }).desk).toBe(true);
    expect(readConfig({ DESK: 'off' }).desk).toBe(false);
  });

  it('lists the allowed origins', () => {
    const CORS_ORIGINS = 'https://a.example, https://b.example';
    expect(readConfig({ ...production, CORS_ORIGINS }).corsOrigins).toEqual(['https://a.example', 'https://b.example']);
  });

  it('names the trusted documents, beside others or as the only ones', () => {
    const file = { TRUSTED_DOCUMENTS: 'manifest.json' };
    expect(readConfig(file).trustedDocuments).toEqual({ file: 'manifest.json', only: false });
    expect(readConfig({ ...file, TRUSTED_DOCUMENTS_ONLY: 'on' }).trustedDocuments).toEqual({ file: 'manifest.json', only: true });
  });

  it('limits the request rate, or switches the limit off', () => {
    expect(readConfig({ RATE_LIMIT: 'off' }).rateLimit).toBeNull();
    expect(readConfig({ RATE_LIMIT_PER_MINUTE: '5', RATE_LIMIT_PER_ADDRESS: '2', RATE_LIMIT_STORE: 'postgres' }).rateLimit).toEqual(
      {
        perCredential: 5,
        perAddress: 2,
        store: 'postgres',
      },
    );
  });

  it('pins one JWT algorithm, issuer and audience', () => {
    const { jwt } = readConfig({ JWT_SECRET: SECRET, JWT_ISSUER: 'https://id.example', JWT_AUDIENCE: 'books' });
    expect(jwt).toMatchObject({ algorithm: 'HS256', issuer: 'https://id.example', audience: 'books' });
  });

  it('reads a PEM key whose line ends are written as \\n, as in an .env file', () => {
    const JWT_PUBLIC_KEY = pem(generateKeyPairSync('ed25519')).replaceAll('\n', '\\n');
    expect(readConfig({ JWT_ALGORITHM: 'EdDSA', JWT_PUBLIC_KEY }).jwt).toMatchObject({ key: { asymmetricKeyType: 'ed25519' } });
  });
});

describe('a wrong variable', () => {
  const keys = {
    smallRsa: pem(generateKeyPairSync('rsa', { modulusLength: 1024 })),
    p384: pem(generateKeyPairSync('ec', { namedCurve: 'P-384' })),
    ed25519: pem(generateKeyPairSync('ed25519')),
  };

  /** Fault → the variable that the message must name, and the environment. */
  const WRONG: Record<string, [variable: string, environment: Record<string, string>]> = {
    'a port by name': ['PORT', { PORT: 'http' }],
    'a negative port': ['PORT', { PORT: '-1' }],
    'a port above 65535': ['PORT', { PORT: '65536' }],
    'a fractional port': ['PORT', { PORT: '4000.5' }],
    'a hexadecimal port': ['PORT', { PORT: '0x10' }],
    'a port with blanks around it': ['PORT', { PORT: ' 4000 ' }],
    'a host with a port': ['HOST', { HOST: 'localhost:4000' }],
    'a host that is a URL': ['HOST', { HOST: 'http://localhost' }],
    'an abbreviated environment': ['NODE_ENV', { NODE_ENV: 'prod' }],
    'an environment in capitals': ['NODE_ENV', { NODE_ENV: 'Production' }],
    'production without a database': ['DATABASE_URL', { NODE_ENV: 'production' }],
    'production with an empty database': ['DATABASE_URL', { NODE_ENV: 'production', DATABASE_URL: '' }],
    'production with a demo that is off': ['DATABASE_URL', { NODE_ENV: 'production', DEMO: '0' }],
    'a demo beside a database': ['DEMO', { DEMO: '1', DATABASE_URL: `postgres://user:${SECRET}@db/books` }],
    'a demo that is neither on nor off': ['DEMO', { DEMO: 'maybe' }],
    'an origin without a scheme': ['CORS_ORIGINS', { CORS_ORIGINS: 'foo' }],
    'an origin with a path': ['CORS_ORIGINS', { CORS_ORIGINS: 'https://a.example, https://b.example/' }],
    'any origin': ['CORS_ORIGINS', { CORS_ORIGINS: '*' }],
    'an origin of another kind': ['CORS_ORIGINS', { CORS_ORIGINS: 'file:///etc' }],
    'an origin in capitals': ['CORS_ORIGINS', { CORS_ORIGINS: 'https://A.example' }],
    'a comma without an origin': ['CORS_ORIGINS', { CORS_ORIGINS: 'https://a.example,' }],
    'two hosts': ['DATABASE_URL', { DATABASE_URL: `postgres://user:${SECRET}@one,two/books` }],
    'two hosts with ports': ['DATABASE_URL', { DATABASE_URL: `postgres://user:${SECRET}@one:5432,two:5432/books` }],
    'two hosts in a parameter': ['DATABASE_URL', { DATABASE_URL: `postgres://user:${SECRET}@db/books?host=one,two` }],
    'a parameter that pg ignores': ['DATABASE_URL', { DATABASE_URL: 'postgres://one/books?target_session_attrs=read-write' }],
    'a parameter of libpq that pg does not have': ['DATABASE_URL', { DATABASE_URL: 'postgres://one/books?connect_timeout=3' }],
    'an unknown sslmode': ['DATABASE_URL', { DATABASE_URL: `postgres://one/books?sslmode=${SECRET}` }],
    'TLS that is neither on nor off': ['DATABASE_URL', { DATABASE_URL: 'postgres://one/books?ssl=false' }],
    'a # in the password': ['DATABASE_URL', { DATABASE_URL: `postgres://one/books#${SECRET}` }],
    'a blank before the URL': ['DATABASE_URL', { DATABASE_URL: ` postgres://user:${SECRET}@db/books` }],
    'a misspelled name': ['DATABSE_URL', { DATABSE_URL: `postgres://user:${SECRET}@db/books` }],
    'a name with two letters exchanged': ['JWT_SERCET', { JWT_SERCET: SECRET }],
    'a name in the plural': ['CORS_ORIGIN', { CORS_ORIGIN: 'https://a.example' }],
    'a cell in capitals': ['CELL', { CELL: 'EU1' }],
    'a cell whose name has the sign that ends it in a key': ['CELL', { CELL: 'eu_1' }],
    'a cell whose name is too long': ['CELL', { CELL: 'x'.repeat(13) }],
    'no connections': ['MAX_CONNECTIONS', { MAX_CONNECTIONS: '0' }],
    'no time for a request': ['REQUEST_TIMEOUT_SECONDS', { REQUEST_TIMEOUT_SECONDS: '0' }],
    'a negative time for a stop': ['STOP_TIMEOUT_SECONDS', { STOP_TIMEOUT_SECONDS: '-1' }],
    'an unknown log level': ['LOG_LEVEL', { LOG_LEVEL: SECRET }],
    'a database that is no URL': ['DATABASE_URL', { DATABASE_URL: SECRET }],
    'a database of another kind': ['DATABASE_URL', { DATABASE_URL: `mysql://user:${SECRET}@localhost/books` }],
    'a server without a database': ['DATABASE_URL', { DATABASE_URL: `postgres://user:${SECRET}@localhost` }],
    'a database on a port by name': ['DATABASE_URL', { DATABASE_URL: `postgres://user:${SECRET}@localhost:port/books` }],
    'an unknown contract of REST': ['REST_CONTRACT', { REST_CONTRACT: 'Observed' }],
    'a negative time': ['DUPLICATE_WINDOW_SECONDS', { DUPLICATE_WINDOW_SECONDS: '-1' }],
    'a time with its unit': ['DUPLICATE_WINDOW_SECONDS', { DUPLICATE_WINDOW_SECONDS: '10s' }],
    'no proxies': ['TRUSTED_PROXIES', { TRUSTED_PROXIES: '0' }],
    'proxies by name': ['TRUSTED_PROXIES', { TRUSTED_PROXIES: `10.0.0.1, ${SECRET}` }],
    'a malformed network': ['TRUSTED_PROXIES', { TRUSTED_PROXIES: '10.0.0.0/33' }],
    'a host with its port': ['ALLOWED_HOSTS', { ALLOWED_HOSTS: `a.example, ${SECRET}:4000` }],
    'a cost limit of zero': ['QUERY_COST_LIMIT', { QUERY_COST_LIMIT: '0' }],
    'a pool that is too small': ['DATABASE_POOL_SIZE', { DATABASE_POOL_SIZE: '5' }],
    'a pool in words': ['DATABASE_POOL_SIZE', { DATABASE_POOL_SIZE: SECRET }],
    'a request wait of zero': ['REQUEST_WAIT_SECONDS', { REQUEST_WAIT_SECONDS: '0' }],
    'a time in words': ['REQUEST_WAIT_SECONDS', { REQUEST_WAIT_SECONDS: SECRET }],
    'a delay in words': ['MAX_EVENT_LOOP_DELAY_MS', { MAX_EVENT_LOOP_DELAY_MS: SECRET }],
    'a rate limit that is neither on nor off': ['RATE_LIMIT', { RATE_LIMIT: SECRET }],
    'a rate limit of zero': ['RATE_LIMIT_PER_MINUTE', { RATE_LIMIT_PER_MINUTE: '0' }],
    'an infinite rate limit': ['RATE_LIMIT_PER_ADDRESS', { RATE_LIMIT_PER_ADDRESS: 'Infinity' }],
    'an unknown rate limit store': ['RATE_LIMIT_STORE', { RATE_LIMIT_STORE: SECRET }],
    'trusted proxies whose headers are not used': ['TRUSTED_PROXIES', { TRUSTED_PROXIES: '2' }],
    'proxies beside the address of the connection': ['TRUSTED_PROXIES', { CLIENT_IP: 'connection', TRUSTED_PROXIES: '10.0.0.0/8' }],
    'proxies where no address is kept': ['TRUSTED_PROXIES', { CLIENT_IP: 'none', TRUSTED_PROXIES: '1' }],
    'a limit of credentials that is off': ['RATE_LIMIT_PER_MINUTE', { RATE_LIMIT: 'off', RATE_LIMIT_PER_MINUTE: '5' }],
    'a limit of addresses that is off': ['RATE_LIMIT_PER_ADDRESS', { RATE_LIMIT: 'off', RATE_LIMIT_PER_ADDRESS: '5' }],
    'a rate limit store without a rate limit': ['RATE_LIMIT_STORE', { RATE_LIMIT: 'off', RATE_LIMIT_STORE: 'postgres' }],
    'the usual algorithm without its key': ['JWT_SECRET', { JWT_ALGORITHM: 'HS256' }],
    'an unknown source of the address': ['CLIENT_IP', { CLIENT_IP: SECRET }],
    'only trusted documents without a file': ['TRUSTED_DOCUMENTS_ONLY', { TRUSTED_DOCUMENTS_ONLY: 'on' }],
    'trusted documents that are neither on nor off': [
      'TRUSTED_DOCUMENTS_ONLY',
      { TRUSTED_DOCUMENTS: 'm.json', TRUSTED_DOCUMENTS_ONLY: SECRET },
    ],
    'neither true nor false': ['GRAPHQL_INTROSPECTION', { GRAPHQL_INTROSPECTION: SECRET }],
    'JWTs without a signature': ['JWT_ALGORITHM', { JWT_ALGORITHM: 'none', JWT_SECRET: SECRET }],
    'an unknown JWT algorithm': ['JWT_ALGORITHM', { JWT_ALGORITHM: SECRET }],
    'a secret and a public key for HS256': ['JWT_PUBLIC_KEY', { JWT_SECRET: SECRET, JWT_PUBLIC_KEY: keys.ed25519 }],
    'a secret and a public key for EdDSA': [
      'JWT_SECRET',
      { JWT_ALGORITHM: 'EdDSA', JWT_SECRET: SECRET, JWT_PUBLIC_KEY: keys.ed25519 },
    ],
    'an algorithm without its key': ['JWT_PUBLIC_KEY', { JWT_ALGORITHM: 'RS256' }],
    'an issuer without a key': ['JWT_SECRET', { JWT_ISSUER: 'https://id.example' }],
    'a secret of 31 bytes': ['JWT_SECRET', { JWT_SECRET: SECRET.slice(1) }],
    'a public key for HS256': ['JWT_SECRET', { JWT_PUBLIC_KEY: keys.ed25519 }],
    'a secret for RS256': ['JWT_PUBLIC_KEY', { JWT_ALGORITHM: 'RS256', JWT_SECRET: SECRET }],
    'a key that is no PEM': ['JWT_PUBLIC_KEY', { JWT_ALGORITHM: 'RS256', JWT_PUBLIC_KEY: SECRET }],
    'an Ed25519 key for RS256': ['JWT_PUBLIC_KEY', { JWT_ALGORITHM: 'RS256', JWT_PUBLIC_KEY: keys.ed25519 }],
    'an RSA key of 1024 bits': ['JWT_PUBLIC_KEY', { JWT_ALGORITHM: 'RS256', JWT_PUBLIC_KEY: keys.smallRsa }],
    'a P-384 key for ES256': ['JWT_PUBLIC_KEY', { JWT_ALGORITHM: 'ES256', JWT_PUBLIC_KEY: keys.p384 }],
    'a P-384 key for EdDSA': ['JWT_PUBLIC_KEY', { JWT_ALGORITHM: 'EdDSA', JWT_PUBLIC_KEY: keys.p384 }],
  };

  it.each(Object.entries(WRONG))('is reported by name and without its value: %s', (_, [variable, environment]) => {
    const error = refusal(environment);

    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error?.message).toMatch(new RegExp(`^${variable} must .+$`));
    expect(error?.message).not.toContain('hunter2');
    expect(error?.message).not.toContain(environment.JWT_PUBLIC_KEY?.split('\n')[1] ?? SECRET);
  });

  it.each(['RS256', 'ES256', 'EdDSA'] as const)('is reported when %s has no public key', (algorithm) => {
    expect(() => jwtKey(algorithm, undefined, undefined)).toThrow(`JWT_PUBLIC_KEY must be set for ${algorithm}`);
  });

  it('is reported together with all others, one line each', () => {
    const without = { TRUSTED_PROXIES: '2', RATE_LIMIT: 'off', RATE_LIMIT_PER_MINUTE: '5', RATE_LIMIT_STORE: 'memory' };
    expect(refusal(without)?.message.split('\n')).toEqual([
      'TRUSTED_PROXIES must be unset unless CLIENT_IP is forwarded',
      'RATE_LIMIT_PER_MINUTE must be unset where RATE_LIMIT is off',
      'RATE_LIMIT_STORE must be unset where RATE_LIMIT is off',
    ]);
    const lines = refusal({ PORT: 'x', LOG_LEVEL: 'x', DATABASE_URL: 'x' })?.message.split('\n') ?? [];
    expect(lines.map((line) => line.split(' ')[0]).sort()).toEqual(['DATABASE_URL', 'LOG_LEVEL', 'PORT']);
  });
});

function refusal(environment: Record<string, string>): Error | undefined {
  try {
    readConfig(environment);
  } catch (error) {
    return error as Error;
  }
  return undefined;
}

function pem({ publicKey }: { publicKey: { export(options: { type: 'spki'; format: 'pem' }): string | Buffer } }): string {
  return String(publicKey.export({ type: 'spki', format: 'pem' }));
}
