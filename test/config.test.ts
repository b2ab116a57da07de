import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
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
      jwt: null,
      duplicateWindowSeconds: 10,
      postingDaysAhead: 7,
      clientIp: 'connection',
      trustedProxies: 1,
      introspection: true,
      corsOrigins: ['https://studio.apollographql.com', 'https://sandbox.embed.apollographql.com'],
      rateLimit: { perCredential: 10_000, perAddress: 300, store: 'memory' },
      poolSize: 24,
      requestWaitMs: 5000,
      maxEventLoopDelayMs: 1000,
      queryCostLimit: 20_000,
      allowedHosts: [],
      connections: { maxConnections: 1_000, requestSeconds: 30, keepAliveSeconds: 72, replySeconds: 60 },
      stopSeconds: 10,
    });
  });

  it('takes an empty variable for one that is not set', () => {
    const empty = { PORT: '', DATABASE_URL: '', JWT_SECRET: '', LOG_LEVEL: '', NODE_ENV: '', CORS_ORIGINS: '', DATA_DIR: '' };
    expect(readConfig(empty)).toEqual(readConfig({}));
  });

  it('shows no variable that it does not know', () => {
    expect(Object.keys(readConfig({ PASSWORD: SECRET }))).toEqual(Object.keys(readConfig({})));
  });
});

describe('what is set', () => {
  it('holds', () => {
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

  it('hides schema and Sandbox from strangers in production, unless they are wanted', () => {
    expect(readConfig({ NODE_ENV: 'production' })).toMatchObject({ introspection: false, corsOrigins: [] });
    expect(readConfig({ NODE_ENV: 'production', GRAPHQL_INTROSPECTION: 'true' }).introspection).toBe(true);
    expect(readConfig({ GRAPHQL_INTROSPECTION: 'false' }).introspection).toBe(false);
  });

  it('lists the origins that may call', () => {
    const CORS_ORIGINS = 'https://a.example, https://b.example';
    expect(readConfig({ NODE_ENV: 'production', CORS_ORIGINS }).corsOrigins).toEqual(['https://a.example', 'https://b.example']);
  });

  it('limits the rate of callers, or not at all', () => {
    expect(readConfig({ RATE_LIMIT: 'off', RATE_LIMIT_PER_MINUTE: '5' }).rateLimit).toBeNull();
    expect(readConfig({ RATE_LIMIT_PER_MINUTE: '5', RATE_LIMIT_PER_ADDRESS: '2', RATE_LIMIT_STORE: 'postgres' }).rateLimit).toEqual(
      {
        perCredential: 5,
        perAddress: 2,
        store: 'postgres',
      },
    );
  });

  it('pins one JWT algorithm, with issuer and audience', () => {
    const { jwt } = readConfig({ JWT_SECRET: SECRET, JWT_ISSUER: 'https://id.example', JWT_AUDIENCE: 'books' });
    expect(jwt).toMatchObject({ algorithm: 'HS256', issuer: 'https://id.example', audience: 'books' });
  });

  it('reads a PEM key whose line ends are written as \\n, as in an .env file', () => {
    const JWT_PUBLIC_KEY = pem(generateKeyPairSync('ed25519')).replaceAll('\n', '\\n');
    expect(readConfig({ JWT_ALGORITHM: 'EdDSA', JWT_PUBLIC_KEY }).jwt).toMatchObject({ key: { asymmetricKeyType: 'ed25519' } });
  });
});

describe('what is wrong', () => {
  const keys = {
    smallRsa: pem(generateKeyPairSync('rsa', { modulusLength: 1024 })),
    p384: pem(generateKeyPairSync('ec', { namedCurve: 'P-384' })),
    ed25519: pem(generateKeyPairSync('ed25519')),
  };

  /** What is wrong → the variable to blame, and the environment. */
  const WRONG: Record<string, [variable: string, environment: Record<string, string>]> = {
    'a port by name': ['PORT', { PORT: 'http' }],
    'a negative port': ['PORT', { PORT: '-1' }],
    'a port above 65535': ['PORT', { PORT: '65536' }],
    'half a port': ['PORT', { PORT: '4000.5' }],
    'a hexadecimal port': ['PORT', { PORT: '0x10' }],
    'an unknown log level': ['LOG_LEVEL', { LOG_LEVEL: SECRET }],
    'a database that is no URL': ['DATABASE_URL', { DATABASE_URL: SECRET }],
    'a database of another kind': ['DATABASE_URL', { DATABASE_URL: `mysql://user:${SECRET}@localhost/books` }],
    'a server without a database': ['DATABASE_URL', { DATABASE_URL: `postgres://user:${SECRET}@localhost` }],
    'a database on a port by name': ['DATABASE_URL', { DATABASE_URL: `postgres://user:${SECRET}@localhost:port/books` }],
    'a negative time': ['DUPLICATE_WINDOW_SECONDS', { DUPLICATE_WINDOW_SECONDS: '-1' }],
    'a time with its unit': ['DUPLICATE_WINDOW_SECONDS', { DUPLICATE_WINDOW_SECONDS: '10s' }],
    'no proxies': ['TRUSTED_PROXIES', { TRUSTED_PROXIES: '0' }],
    'proxies by name': ['TRUSTED_PROXIES', { TRUSTED_PROXIES: `10.0.0.1, ${SECRET}` }],
    'a network that is none': ['TRUSTED_PROXIES', { TRUSTED_PROXIES: '10.0.0.0/33' }],
    'a host with its port': ['ALLOWED_HOSTS', { ALLOWED_HOSTS: `a.example, ${SECRET}:4000` }],
    'a cost of nothing': ['QUERY_COST_LIMIT', { QUERY_COST_LIMIT: '0' }],
    'a pool that is too small': ['DATABASE_POOL_SIZE', { DATABASE_POOL_SIZE: '5' }],
    'a pool in words': ['DATABASE_POOL_SIZE', { DATABASE_POOL_SIZE: SECRET }],
    'no time to wait': ['REQUEST_WAIT_SECONDS', { REQUEST_WAIT_SECONDS: '0' }],
    'a time in words': ['REQUEST_WAIT_SECONDS', { REQUEST_WAIT_SECONDS: SECRET }],
    'a delay in words': ['MAX_EVENT_LOOP_DELAY_MS', { MAX_EVENT_LOOP_DELAY_MS: SECRET }],
    'half a rate limit': ['RATE_LIMIT', { RATE_LIMIT: SECRET }],
    'no requests at all': ['RATE_LIMIT_PER_MINUTE', { RATE_LIMIT_PER_MINUTE: '0' }],
    'endless requests': ['RATE_LIMIT_PER_ADDRESS', { RATE_LIMIT_PER_ADDRESS: 'Infinity' }],
    'a store elsewhere': ['RATE_LIMIT_STORE', { RATE_LIMIT_STORE: SECRET }],
    'an address from elsewhere': ['CLIENT_IP', { CLIENT_IP: SECRET }],
    'neither true nor false': ['GRAPHQL_INTROSPECTION', { GRAPHQL_INTROSPECTION: SECRET }],
    'JWTs without a signature': ['JWT_ALGORITHM', { JWT_ALGORITHM: 'none', JWT_SECRET: SECRET }],
    'an unknown JWT algorithm': ['JWT_ALGORITHM', { JWT_ALGORITHM: SECRET }],
    'a secret of 31 bytes': ['JWT_SECRET', { JWT_SECRET: SECRET.slice(1) }],
    'a public key for HS256': ['JWT_SECRET', { JWT_PUBLIC_KEY: keys.ed25519 }],
    'a secret for RS256': ['JWT_PUBLIC_KEY', { JWT_ALGORITHM: 'RS256', JWT_SECRET: SECRET }],
    'a key that is no PEM': ['JWT_PUBLIC_KEY', { JWT_ALGORITHM: 'RS256', JWT_PUBLIC_KEY: SECRET }],
    'an Ed25519 key for RS256': ['JWT_PUBLIC_KEY', { JWT_ALGORITHM: 'RS256', JWT_PUBLIC_KEY: keys.ed25519 }],
    'an RSA key of 1024 bits': ['JWT_PUBLIC_KEY', { JWT_ALGORITHM: 'RS256', JWT_PUBLIC_KEY: keys.smallRsa }],
    'a P-384 key for ES256': ['JWT_PUBLIC_KEY', { JWT_ALGORITHM: 'ES256', JWT_PUBLIC_KEY: keys.p384 }],
    'a P-384 key for EdDSA': ['JWT_PUBLIC_KEY', { JWT_ALGORITHM: 'EdDSA', JWT_PUBLIC_KEY: keys.p384 }],
  };

  it.each(Object.entries(WRONG))('is said in a line that names the variable and no value: %s', (_, [variable, environment]) => {
    const error = refusal(environment);

    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error?.message).toMatch(new RegExp(`^${variable} must .+$`));
    expect(error?.message).not.toContain('hunter2');
    expect(error?.message).not.toContain(environment.JWT_PUBLIC_KEY?.split('\n')[1] ?? SECRET);
  });

  it('is said all at once, a line for each variable', () => {
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
