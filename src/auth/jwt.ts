import { createPublicKey, type KeyObject } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';

export const JWT_ALGORITHMS = ['HS256', 'RS256', 'ES256', 'EdDSA'] as const;
export type JwtAlgorithm = (typeof JWT_ALGORITHMS)[number];

/** Settings for the verification of JWTs. They fix the algorithm, so that a token cannot choose its own. */
export interface JwtSettings {
  readonly algorithm: JwtAlgorithm;
  readonly key: KeyObject | Uint8Array;
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
}

/**
 * Returns the key that verifies JWTs: the secret for HS256, else the public key in PEM format.
 *
 * @throws {Error} if the key does not fit the algorithm. The message is for the operator, and does not contain the key
 */
export function jwtKey(algorithm: JwtAlgorithm, secret: string | undefined, publicKey: string | undefined): KeyObject | Uint8Array {
  if (algorithm === 'HS256') {
    const bytes = new TextEncoder().encode(secret ?? '');
    if (bytes.length < 32) throw new Error('JWT_SECRET must have at least 32 bytes for HS256');
    return bytes;
  }
  if (!publicKey) throw new Error(`JWT_PUBLIC_KEY must be set for ${algorithm}: a public key in PEM format`);
  const { expected, suits } = PUBLIC_KEYS[algorithm];
  try {
    const key = createPublicKey(publicKey.replaceAll('\\n', '\n'));
    if (suits(key)) return key;
  } catch {
    // The error below replaces the parser's, which may quote the key.
  }
  throw new Error(`JWT_PUBLIC_KEY must be the ${expected} in PEM format that ${algorithm} needs`);
}

const PUBLIC_KEYS = {
  RS256: {
    expected: 'RSA public key of at least 2048 bits',
    suits: (key: KeyObject) => key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048,
  },
  ES256: { expected: 'P-256 public key', suits: (key: KeyObject) => key.asymmetricKeyDetails?.namedCurve === 'prime256v1' },
  EdDSA: { expected: 'Ed25519 public key', suits: (key: KeyObject) => key.asymmetricKeyType === 'ed25519' },
};

/** Returns the `sub` claim of a token; `null` if the token is not valid, for any reason. */
export async function subjectOf(token: string, { algorithm, key, issuer, audience }: JwtSettings): Promise<string | null> {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: [algorithm],
      requiredClaims: ['exp', 'sub'],
      ...(issuer && { issuer }),
      ...(audience && { audience }),
    });
    // PostgreSQL can hold neither NUL nor lone surrogates, so no user has such a subject.
    const { sub } = payload;
    return typeof sub === 'string' && sub.isWellFormed() && !sub.includes('\0') ? sub : null;
  } catch (error) {
    if (error instanceof errors.JOSEError) return null;
    throw error;
  }
}

/**
 * Signs a token for the demo and the tests.
 *
 * @param expires such as `1h`
 */
export function signJwt(subject: string, secret: Uint8Array, expires: string): Promise<string> {
  return new SignJWT()
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(subject)
    .setIssuedAt()
    .setExpirationTime(expires)
    .sign(secret);
}
