import { isIP } from 'node:net';
import { cleanEnv, type EnvError, makeValidator, str } from 'envalid';
import { JWT_ALGORITHMS, type JwtSettings, jwtKey } from './auth/jwt.js';
import { DEFAULT_WAIT_MS } from './concurrency/wait-budget.js';
import { databaseUrl } from './database/url.js';
import { RestContract } from './entities/rest-contract.js';
import type { TrustedDocumentsSettings } from './graphql/trusted-documents.js';
import { DEFAULT_POOL_SIZE, MIN_POOL_SIZE } from './orm/pool.js';
import { CLIENT_IP, type ClientIp, parseTrustedProxies, type TrustedProxies } from './server/client-address.js';
import { CONNECTION_LIMITS, type ConnectionLimits } from './server/connections.js';
import { RATE_LIMIT_STORES, type RateLimitSettings } from './server/rate-limit.js';
import { SANDBOX_ORIGINS } from './server/web-security.js';
import { isCalendarDate, type PostingDate } from './values/posting-date.js';

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** The configuration. {@link readConfig} reads it from the environment and checks it, once. */
export interface Config {
  readonly host: string;
  readonly port: number;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  /** Folder of the embedded database, which is used without a `databaseUrl`. */
  readonly dataDir: string;
  readonly databaseUrl: string | null;
  /** Name of the cell whose new API keys begin with it; `null` for keys without a cell. Only the operators' commands use it. */
  readonly cell: string | null;
  /** `null`: only the JWTs of the demo are accepted. */
  readonly jwt: JwtSettings | null;
  /** A refund without an idempotency key is refused if an equal one was made within this time; 0 turns the rule off. */
  readonly duplicateWindowSeconds: number;
  /** Number of days after today, in the organization's time zone, that may be posting dates. */
  readonly postingDaysAhead: number;
  /** The address that is stored with a refund: none, that of the connection, or the one that a proxy forwards. */
  readonly clientIp: ClientIp;
  /** Proxies whose forwarded addresses are accepted. */
  readonly trustedProxies: TrustedProxies;
  /** Whether introspection is allowed, and the pages and texts for developers are served: the Sandbox, GraphiQL, the reference of REST. */
  readonly introspection: boolean;
  /** Whether the desk is served, the page on which people refund credit notes. */
  readonly desk: boolean;
  /** Origins of the pages that may send requests (CORS). */
  readonly corsOrigins: readonly string[];
  /** Limits of the requests of one caller; `null` for none. */
  readonly rateLimit: RateLimitSettings | null;
  /** Highest cost of a GraphQL operation: the number of fields and objects that its reply may have. */
  readonly queryCostLimit: number;
  /** The documents that may be requested by their ids; `null` for none. */
  readonly trustedDocuments: TrustedDocumentsSettings | null;
  /** Whether the schema is a subgraph of Apollo Federation. */
  readonly federation: boolean;
  /** What the body of a refund over REST may be, unless the organization has chosen. */
  readonly restContract: RestContract;
  /** The day since which REST is announced as deprecated; `null` if it is not. */
  readonly restDeprecatedSince: PostingDate | null;
  /** Largest number of connections to the database. */
  readonly poolSize: number;
  /** Total time that a request may wait for its turn, for connections and for locks. */
  readonly requestWaitMs: number;
  /** Delay of the event loop beyond which requests are refused; 0 turns the rule off. */
  readonly maxEventLoopDelayMs: number;
  /** Accepted Host headers, beside the names of the loopback interface. */
  readonly allowedHosts: readonly string[];
  readonly connections: ConnectionLimits;
  /** Time that a stop waits for requests in flight. */
  readonly stopSeconds: number;
  /** How the import reads from a Bigcapital. Only the operators' command uses it. */
  readonly bigcapital: { readonly apiKey: string | null; readonly timeoutSeconds: number };
}

/** The database refuses later posting dates, whatever the configuration. */
const MAX_POSTING_DAYS_AHEAD = 366;

/** A variable is wrong. The message has its name and the reason, but never its value, which may be a secret. */
export class ConfigurationError extends Error {}

/** @param range the allowed numbers, as the message names them */
const wholeNumber = (min: number, max: number, range = `a whole number from ${min} to ${max}`) =>
  makeValidator((text) => {
    const value = /^\d{1,9}$/.test(text) ? Number.parseInt(text, 10) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new Error(`must be ${range}`);
  });

const port = wholeNumber(0, 65_535, 'a port: a whole number from 0 (any free port) to 65535');
const seconds = wholeNumber(0, 999_999, 'a whole number of seconds, at most 999999');
const milliseconds = wholeNumber(0, 999_999, 'a whole number of milliseconds, at most 999999');
const requests = wholeNumber(1, 999_999_999, 'a whole number of requests, at least 1');
const requestWait = wholeNumber(1, 300, 'a whole number of seconds from 1 to 300');
const poolSize = wholeNumber(MIN_POOL_SIZE, 1_000);
const days = wholeNumber(0, MAX_POSTING_DAYS_AHEAD, `a whole number of days, at most ${MAX_POSTING_DAYS_AHEAD}`);
const positive = wholeNumber(1, 999_999);

const trustedProxies = makeValidator(parseTrustedProxies);

const hostNames = makeValidator((text): readonly string[] => {
  const names = text.split(',').map((name) => name.trim());
  if (names.every((name) => /^([\w.-]+|\[[\da-f:.]+\])$/i.test(name))) return names;
  throw new Error('must be host names without ports, separated by commas');
});

const oneOf = <T extends string>(...choices: readonly T[]) =>
  makeValidator((text): T => {
    const choice = choices.find((name) => name === text);
    if (choice === undefined) throw new Error(`must be one of: ${choices.join(', ')}`);
    return choice;
  });

const flag = makeValidator((text): boolean => {
  if (/^(1|true|yes|on)$/i.test(text)) return true;
  if (/^(0|false|no|off)$/i.test(text)) return false;
  throw new Error('must be true or false');
});

const host = makeValidator((text) => {
  if (isIP(text) === 0 && !/^[a-z\d]([\w-]*[a-z\d])?(\.[a-z\d]([\w-]*[a-z\d])?)*$/i.test(text)) {
    throw new Error('must be a host name or an address, without a port');
  }
  return text;
});

const origins = makeValidator((text): readonly string[] => {
  const names = text.split(',').map((name) => name.trim());
  if (names.every((name) => URL.canParse(name) && /^https?:/.test(name) && new URL(name).origin === name)) return names;
  throw new Error('must be origins such as https://app.example.com, separated by commas, without a path and in lower case');
});

const postgresUrl = makeValidator(databaseUrl);

const cellName = makeValidator((text) => {
  if (/^[a-z\d]{1,12}$/.test(text)) return text;
  throw new Error('must be 1 to 12 small letters (a to z) and digits');
});

const calendarDate = makeValidator((text): PostingDate => {
  if (isCalendarDate(text)) return text;
  throw new Error('must be a date such as 2027-12-31');
});

const VARIABLES = {
  NODE_ENV: oneOf('development', 'test', 'production')({ default: 'development' }),
  HOST: host({ default: 'localhost' }),
  PORT: port({ default: 4000 }),
  LOG_LEVEL: oneOf(...LOG_LEVELS)({ default: 'info' }),
  DATA_DIR: str({ default: '.data' }),
  DATABASE_URL: postgresUrl({ default: undefined }),
  CELL: cellName({ default: undefined }),
  DEMO: flag({ default: false }),
  JWT_ALGORITHM: oneOf(...JWT_ALGORITHMS)({ default: 'HS256' }),
  JWT_SECRET: str({ default: undefined }),
  JWT_PUBLIC_KEY: str({ default: undefined }),
  JWT_ISSUER: str({ default: undefined }),
  JWT_AUDIENCE: str({ default: undefined }),
  DUPLICATE_WINDOW_SECONDS: seconds({ default: 10 }),
  POSTING_DAYS_AHEAD: days({ default: 7 }),
  CLIENT_IP: oneOf(...CLIENT_IP)({ default: 'connection' }),
  TRUSTED_PROXIES: trustedProxies({ default: 1 }),
  GRAPHQL_INTROSPECTION: flag({ default: undefined }),
  DESK: flag({ default: undefined }),
  CORS_ORIGINS: origins({ default: undefined }),
  RATE_LIMIT: oneOf('on', 'off')({ default: 'on' }),
  RATE_LIMIT_PER_MINUTE: requests({ default: 10_000 }),
  RATE_LIMIT_PER_ADDRESS: requests({ default: 300 }),
  RATE_LIMIT_STORE: oneOf(...RATE_LIMIT_STORES)({ default: 'memory' }),
  QUERY_COST_LIMIT: positive({ default: 20_000 }),
  TRUSTED_DOCUMENTS: str({ default: undefined }),
  TRUSTED_DOCUMENTS_ONLY: flag({ default: false }),
  FEDERATION: flag({ default: false }),
  REST_CONTRACT: oneOf(...Object.values(RestContract))({ default: RestContract.DOCUMENTED }),
  REST_DEPRECATED_SINCE: calendarDate({ default: undefined }),
  DATABASE_POOL_SIZE: poolSize({ default: DEFAULT_POOL_SIZE }),
  REQUEST_WAIT_SECONDS: requestWait({ default: DEFAULT_WAIT_MS / 1_000 }),
  MAX_EVENT_LOOP_DELAY_MS: milliseconds({ default: 1_000 }),
  ALLOWED_HOSTS: hostNames({ default: [] }),
  MAX_CONNECTIONS: positive({ default: CONNECTION_LIMITS.maxConnections }),
  REQUEST_TIMEOUT_SECONDS: positive({ default: CONNECTION_LIMITS.requestSeconds }),
  KEEP_ALIVE_SECONDS: positive({ default: CONNECTION_LIMITS.keepAliveSeconds }),
  REPLY_TIMEOUT_SECONDS: positive({ default: CONNECTION_LIMITS.replySeconds }),
  STOP_TIMEOUT_SECONDS: seconds({ default: 10 }),
  BIGCAPITAL_API_KEY: str({ default: undefined }),
  BIGCAPITAL_TIMEOUT_SECONDS: positive({ default: 60 }),
};

/**
 * Returns the configuration of the environment's variables, with defaults for those that are absent or empty.
 *
 * @throws {ConfigurationError} with all wrong variables
 * @example const config = readConfig(process.env);
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  // Empty variables count as absent: shells and compose files unset variables in this way.
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== '' && value !== undefined));
  const env = cleanEnv(given, VARIABLES, { reporter: ({ errors }) => report(errors, misspellings(given)) });
  const production = env.NODE_ENV === 'production';
  if (production && env.DATABASE_URL === undefined && !env.DEMO) {
    throw new ConfigurationError('DATABASE_URL must be set in production; or set DEMO=1 for a demo on an embedded database');
  }
  if (env.DEMO && env.DATABASE_URL !== undefined) {
    throw new ConfigurationError('DEMO must be unset where DATABASE_URL is set: a demo has a database of its own');
  }
  const ineffective = withoutEffect(given, env);
  if (ineffective.length > 0) throw new ConfigurationError(ineffective.join('\n'));
  return {
    host: env.HOST,
    port: env.PORT,
    logLevel: env.LOG_LEVEL,
    dataDir: env.DATA_DIR,
    databaseUrl: env.DATABASE_URL ?? null,
    cell: env.CELL ?? null,
    jwt: jwtSettings(env, given.JWT_ALGORITHM !== undefined),
    duplicateWindowSeconds: env.DUPLICATE_WINDOW_SECONDS,
    postingDaysAhead: env.POSTING_DAYS_AHEAD,
    clientIp: env.CLIENT_IP,
    trustedProxies: env.TRUSTED_PROXIES,
    introspection: env.GRAPHQL_INTROSPECTION ?? !production,
    desk: env.DESK ?? !production,
    corsOrigins: env.CORS_ORIGINS ?? (production ? [] : SANDBOX_ORIGINS),
    rateLimit:
      env.RATE_LIMIT === 'off'
        ? null
        : { perCredential: env.RATE_LIMIT_PER_MINUTE, perAddress: env.RATE_LIMIT_PER_ADDRESS, store: env.RATE_LIMIT_STORE },
    queryCostLimit: env.QUERY_COST_LIMIT,
    trustedDocuments:
      env.TRUSTED_DOCUMENTS === undefined ? null : { file: env.TRUSTED_DOCUMENTS, only: env.TRUSTED_DOCUMENTS_ONLY },
    federation: env.FEDERATION,
    restContract: env.REST_CONTRACT,
    restDeprecatedSince: env.REST_DEPRECATED_SINCE ?? null,
    poolSize: env.DATABASE_POOL_SIZE,
    requestWaitMs: env.REQUEST_WAIT_SECONDS * 1_000,
    maxEventLoopDelayMs: env.MAX_EVENT_LOOP_DELAY_MS,
    allowedHosts: env.ALLOWED_HOSTS,
    connections: {
      maxConnections: env.MAX_CONNECTIONS,
      requestSeconds: env.REQUEST_TIMEOUT_SECONDS,
      keepAliveSeconds: env.KEEP_ALIVE_SECONDS,
      replySeconds: env.REPLY_TIMEOUT_SECONDS,
    },
    stopSeconds: env.STOP_TIMEOUT_SECONDS,
    bigcapital: { apiKey: env.BIGCAPITAL_API_KEY ?? null, timeoutSeconds: env.BIGCAPITAL_TIMEOUT_SECONDS },
  };
}

/** Returns messages for variables that have no effect because of another one: the operator expects a protection that is not there. */
function withoutEffect(given: Given, { CLIENT_IP: clientIp, RATE_LIMIT: rateLimit }: Switches): string[] {
  const proxies = clientIp === 'forwarded' ? [] : ['TRUSTED_PROXIES'];
  const limits = rateLimit === 'on' ? [] : ['RATE_LIMIT_PER_MINUTE', 'RATE_LIMIT_PER_ADDRESS', 'RATE_LIMIT_STORE'];
  const documents = given.TRUSTED_DOCUMENTS === undefined ? ['TRUSTED_DOCUMENTS_ONLY'] : [];
  const isGiven = (name: string) => given[name] !== undefined;
  return [
    ...proxies.filter(isGiven).map((name) => `${name} must be unset unless CLIENT_IP is forwarded`),
    ...limits.filter(isGiven).map((name) => `${name} must be unset where RATE_LIMIT is off`),
    ...documents.filter(isGiven).map((name) => `${name} must be unset unless TRUSTED_DOCUMENTS is set`),
  ];
}

type Given = Readonly<Record<string, unknown>>;

interface Switches {
  readonly CLIENT_IP: ClientIp;
  readonly RATE_LIMIT: 'on' | 'off';
}

interface JwtVariables {
  readonly JWT_ALGORITHM: JwtSettings['algorithm'];
  readonly JWT_SECRET?: string | undefined;
  readonly JWT_PUBLIC_KEY?: string | undefined;
  readonly JWT_ISSUER?: string | undefined;
  readonly JWT_AUDIENCE?: string | undefined;
}

/** @param isAlgorithmGiven whether the operator has set the algorithm; else it is the default */
function jwtSettings(env: JwtVariables, isAlgorithmGiven: boolean): JwtSettings | null {
  const [needed, unused] =
    env.JWT_ALGORITHM === 'HS256' ? (['JWT_SECRET', 'JWT_PUBLIC_KEY'] as const) : (['JWT_PUBLIC_KEY', 'JWT_SECRET'] as const);
  if (env[needed] === undefined && env[unused] === undefined) {
    if (!isAlgorithmGiven && env.JWT_ISSUER === undefined && env.JWT_AUDIENCE === undefined) return null;
    throw new ConfigurationError(`${needed} must be set where JWT_ALGORITHM, JWT_ISSUER or JWT_AUDIENCE is`);
  }
  if (env[needed] !== undefined && env[unused] !== undefined) {
    throw new ConfigurationError(`${unused} must be unset: ${env.JWT_ALGORITHM} takes ${needed}`);
  }
  try {
    return {
      algorithm: env.JWT_ALGORITHM,
      key: jwtKey(env.JWT_ALGORITHM, env.JWT_SECRET, env.JWT_PUBLIC_KEY),
      issuer: env.JWT_ISSUER,
      audience: env.JWT_AUDIENCE,
    };
  } catch (error) {
    throw new ConfigurationError(error instanceof Error ? error.message : String(error));
  }
}

function report(errors: Partial<Record<string, Error | EnvError>>, misspelled: readonly string[]): void {
  // The messages of our validators never contain the value, which may be a secret.
  const problems = Object.entries(errors).map(([name, error]) => `${name} ${error?.message ?? 'must be something else'}`);
  if (problems.length + misspelled.length > 0) throw new ConfigurationError([...misspelled, ...problems].join('\n'));
}

/** Returns messages for unknown variables whose names differ from a known one by one typing error. Short names are too often alike. */
function misspellings(given: Given): string[] {
  const ours = Object.keys(VARIABLES);
  return Object.keys(given).flatMap((name) => {
    const meant = ours.includes(name) ? undefined : ours.find((known) => known.length >= 8 && differsByOneTypingError(name, known));
    return meant === undefined ? [] : [`${name} must be spelled ${meant}, or be unset if it is meant for another program`];
  });
}

/** Returns whether one character is missing, extra or different, or two neighbours are exchanged. */
function differsByOneTypingError(one: string, other: string): boolean {
  let start = 0;
  while (start < one.length && one[start] === other[start]) start += 1;
  let end = 0;
  while (end < Math.min(one.length, other.length) - start && one.at(-1 - end) === other.at(-1 - end)) end += 1;
  const [a, b] = [one.slice(start, one.length - end), other.slice(start, other.length - end)];
  return (a.length <= 1 && b.length <= 1) || (a.length === 2 && b === `${a[1]}${a[0]}`);
}
