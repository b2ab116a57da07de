import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type JwtSettings, signJwt } from '../auth/jwt.js';
import type { Database } from '../database/database.js';
import { Organization } from '../entities/organization.js';
import type { DemoContent } from '../graphql/server.js';
import { type Demo, SUBJECT, seed } from './seed.js';

export type { Demo } from './seed.js';

/**
 * Returns the demo of the data folder; `null` if its database holds the operator's own data. An empty database is seeded with a demo.
 */
export async function openDemo(
  { orm, asOwner }: Pick<Database, 'orm' | 'asOwner'>,
  dataDir: string,
): Promise<{ demo: Demo; jwt: JwtSettings } | null> {
  const secret = await demoSecret(dataDir);
  const jwt: JwtSettings = { algorithm: 'HS256', key: secret };
  const file = demoFile(dataDir);
  if ((await orm.em.fork().count(Organization)) === 0) {
    await asOwner((em) =>
      em.transactional(async (em) => {
        const seeded = await seed(em);
        // The file is written before the commit: after a crash in between, the next start overwrites it, and no key is lost.
        await write(file, textOf({ ...seeded, jwt: await signJwt(SUBJECT, secret, '30d') }));
      }),
    );
  }
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return null;
  // Each start signs a new token, so that a demo can be used after the token's 30 days.
  const demo: Demo = { ...JSON.parse(text), jwt: await signJwt(SUBJECT, secret, '30d') };
  await write(file, textOf(demo));
  return { demo, jwt };
}

/** Returns the path of the file that describes the demo. Only the owner of the process can read it. */
export function demoFile(dataDir: string): string {
  return join(dataDir, 'demo.json');
}

/**
 * Returns what the pages have. The Run button of the explorers makes a refund.
 *
 * @param file the path of demo.json
 */
export function demoContent(demo: Demo, file: string): DemoContent {
  return {
    apiKey: demo.apiKey,
    keyCommand: `node -p ${quoted(`require(${JSON.stringify(resolve(file))}).apiKey`)}`,
    document: REFUND_MUTATION,
    variables: {
      input: {
        creditNoteId: String(demo.creditNotes.open),
        fromAccountId: String(demo.accounts.bank),
        amount: '25.00',
        exchangeRate: '1',
        referenceNo: 'REF-1',
        description: 'From the explorer',
        date: '2026-02-01',
        branchId: String(demo.branches.primary),
      },
    },
  };
}

const REFUND_MUTATION = `mutation Refund($input: RefundCreditNoteInput!) {
  refundCreditNote(input: $input) {
    id
    amount
    date
    creditNote { number status remaining }
    fromAccount { name balance }
    journalEntry { lines { side amount account { name } } }
  }
}
`;

/** Returns the text quoted as one word of a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Returns the secret that signs the demo's JWTs. It is created once, and kept beside the database that it gives access to. */
async function demoSecret(dataDir: string): Promise<Uint8Array> {
  const file = join(dataDir, 'demo-jwt-secret');
  const existing = await readFile(file).catch(() => null);
  if (existing !== null) return new Uint8Array(existing);
  const secret = new Uint8Array(randomBytes(32));
  await write(file, secret);
  return secret;
}

/** Returns the content of demo.json. */
function textOf(demo: Demo): string {
  return `${JSON.stringify(demo, null, 2)}\n`;
}

/** Writes a new file and renames it, so that no reader meets half a file, even after a crash. */
async function write(file: string, content: string | Uint8Array): Promise<void> {
  await writeFile(`${file}.new`, content, { mode: 0o600 });
  await rename(`${file}.new`, file);
}
