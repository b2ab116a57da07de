import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { connectionUrl } from '../src/database/embedded-postgres/index.js';
import { FakeBigcapital, KEY, THEIR_ID } from './helpers/fake-bigcapital.js';
import { sharedGateway } from './helpers/gateway.js';
import { cli, type Ended, startCli } from './helpers/process.js';

jest.setTimeout(180_000);

const gateway = sharedGateway();
let variables: { DATABASE_URL: string; BIGCAPITAL_API_KEY: string };
let DATABASE_URL: string;
beforeAll(async () => {
  DATABASE_URL = connectionUrl(gateway.database.connection('superuser'));
  variables = { DATABASE_URL, BIGCAPITAL_API_KEY: KEY };
});
const fake = FakeBigcapital.fresh();

const words = (...more: string[]) => ['import:bigcapital', '--url', fake.url, '--id', fake.publicId, ...more];
const take = (...more: string[]): Promise<Ended> => cli(variables, ...words(...more));

async function count(table: string): Promise<number> {
  const { rows } = await gateway.database.superuser.query(
    `select count(*)::int as count from ${table} where organization_id = (select id from organizations where public_id = $1)`,
    [fake.publicId],
  );
  return rows[0].count;
}

describe('npm run import:bigcapital', () => {
  it('ends with a report, and with exit code 0 if everything is taken over', async () => {
    const noteId = fake.creditNote(100);
    fake.refund(noteId, 40);
    const { code, stdout, stderr } = await take();
    expect([code, stderr]).toEqual([0, '']);
    for (const line of [
      `Bigcapital ${THEIR_ID} → ${fake.publicId}`,
      'credit notes\t4\t4\t0\t0',
      'refunds\t1\t1\t0\t0',
      `${noteId}\tCN-${noteId}\tUSD\t60.00\t60.00`,
      'USD\tBigcapital\t3\t1200.00\t40.00\t0.00\t1160.00',
      'USD\there\t3\t1200.00\t40.00\t0.00\t1160.00',
      'EUR\there\t1\t1000.00\t0.00\t0.00\t1000.00',
      'ok\ttrial-balance-is-zero',
      'Everything is taken over.',
    ]) {
      expect(stdout).toContain(line);
    }
    const again = await take();
    expect([again.code, again.stdout.trimEnd().split('\n').at(-1)]).toEqual([
      0,
      'Everything is here already: nothing has changed.',
    ]);
  });

  it('has exit code 2 if something is refused', async () => {
    fake.refund(fake.creditNote(100), 40, { from_account_id: 1020 });
    const { code, stdout } = await take();
    expect([code, stdout.trimEnd().split('\n').at(-1)]).toEqual([2, 'Not everything is taken over: 1 refusals, 0 differences.']);
    expect(stdout).toContain('credit note 4\trefund 1: Account Office expenses is of type expense');
  });

  it('shows each text in one line of the report, whatever characters it has', async () => {
    fake.account(1000).name = 'Bank\n\nEverything is taken over.';
    fake.post(1000, 7);
    fake.post(1026, 7);
    fake.creditNote(10, { credit_note_number: 'CN\u001b[2J\nok\tall\u202e!' });
    const { stdout } = await take();
    const lines = stdout.split('\n');
    expect(lines.filter((line) => /^(ok\tall|Everything)/.test(line))).toEqual(['Everything is taken over.']);
    expect(stdout).toContain('Bank\\u000a\\u000aEverything is taken over.\t7.00\n');
    expect(stdout).toContain('\tCN\\u001b[2J\\u000aok\\u0009all\\u202e!\tUSD\t10.00\t10.00\n');
    for (const character of ['\u001b', '\u202e']) expect(stdout).not.toContain(character);
    fake.organization.organization_id = 'other\n\u001b[2J';
    const { stderr } = await take();
    expect(stderr).toMatch(/^Organization .* and this is other\\u000a\\u001b\[2J\n$/);
  });

  it('writes nothing in a dry run', async () => {
    const { code, stdout } = await take('--dry-run');
    expect([code, stdout.split('\n')[0], stdout.trimEnd().split('\n').at(-1)]).toEqual([
      0,
      `Dry run: nothing is changed. Bigcapital ${THEIR_ID} → ${fake.publicId}`,
      'Everything can be taken over.',
    ]);
    const { rows } = await gateway.database.superuser.query('select 1 from organizations where public_id = $1', [fake.publicId]);
    expect(rows).toEqual([]);
  });

  it('needs a key, which the environment or the option gives it', async () => {
    const { code, stderr } = await cli({ DATABASE_URL }, ...words());
    expect([code, stderr.split('\n')[0]]).toEqual([1, expect.stringContaining('BIGCAPITAL_API_KEY is not set')]);
    expect(await cli({ DATABASE_URL }, ...words('--dry-run', '--api-key', KEY))).toMatchObject({ code: 0 });
    const value = await take('--dry-run=yes');
    expect([value.code, value.stderr.split('\n')[0]]).toEqual([1, '--dry-run takes no value']);
    const elsewhere = await cli({ DATABASE_URL }, 'organization', 'list', '--dry-run');
    expect([elsewhere.code, elsewhere.stderr.split('\n')[0]]).toEqual([
      1,
      expect.stringContaining('no option --dry-run for organization list'),
    ]);
  });

  it('takes the token of a session, which needs the id of the organization', async () => {
    fake.publicId = THEIR_ID;
    const { code } = await cli({ DATABASE_URL, BIGCAPITAL_API_KEY: 'their.jwt' }, ...words('--dry-run'));
    expect(code).toBe(0);
    fake.publicId = 'another';
    const { stderr } = await cli({ DATABASE_URL, BIGCAPITAL_API_KEY: 'their.jwt' }, ...words('--dry-run'));
    expect(stderr).toContain('it does not accept the API key (status 401)');
  });

  it('goes on where it was killed', async () => {
    for (let index = 0; index < 600; index += 1) fake.refund(fake.creditNote(10), 4);
    // Later pages take so long that the process is killed between two batches or in one.
    fake.trouble = (path) => {
      fake.delay = /page=3|credit-notes\/(5[6-9]\d|60\d)/.test(path) ? 1_000 : 0;
      return null;
    };
    const { kill, ended } = startCli(variables, ...words());
    while ((await count('credit_notes')) === 0) await sleep(20);
    kill('SIGKILL');
    expect((await ended).code).toBe(null);
    const before = await count('credit_notes');
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(603);
    expect((await cli(variables, 'audit', '--organization', fake.publicId)).code).toBe(0);

    fake.trouble = () => null;
    fake.delay = 0;
    const { code, stdout } = await take();
    expect(stdout).toContain(`credit notes\t603\t${603 - before}\t${before}\t0`);
    expect([code, await count('credit_notes'), await count('refunds')]).toEqual([0, 603, 600]);
    expect((await take()).stdout).toContain('nothing has changed');
  });
});

describe('a Bigcapital in trouble', () => {
  it('is asked again after 429, 5xx and a broken connection, as late as it wants', async () => {
    fake.refund(fake.creditNote(100), 40);
    const asked: number[] = [];
    fake.trouble = (path, attempt) => {
      if (path === '/api/organization/current') asked.push(performance.now());
      if (path === '/api/organization/current' && attempt === 1) return { status: 429, headers: { 'retry-after': '1' } };
      if (path === '/api/branches' && attempt < 3) return { status: 503 };
      if (path === '/api/credit-notes/4/refunds' && attempt === 1) return { status: 500, body: '<html>' };
      return null;
    };
    expect(await take()).toMatchObject({ code: 0, stderr: '' });
    const [first = 0, second = 0] = asked;
    // A timer may ring a little early.
    expect(second - first).toBeGreaterThan(950);
    expect(fake.requests.filter((path) => path === '/api/branches')).toHaveLength(3);
  });

  it('may be slow', async () => {
    fake.delay = 400;
    expect(await take('--dry-run')).toMatchObject({ code: 0 });
  });

  it.each<[string, () => void, string]>([
    [
      'that never answers',
      () => {
        fake.trouble = () => 'never';
      },
      'it has not answered within 1 seconds',
    ],
    [
      'that asks to wait for hours',
      () => {
        fake.trouble = () => ({ status: 429, headers: { 'retry-after': '7200' } });
      },
      'asks to wait 7200 seconds',
    ],
    [
      'that is another server',
      () => {
        fake.trouble = () => ({ status: 200, body: '<html>Welcome</html>' });
      },
      'something else than JSON',
    ],
    [
      'that speaks of something else',
      () => {
        fake.trouble = () => ({ status: 200, body: '{"hello":"world"}' });
      },
      'cannot be read',
    ],
    [
      'that sends elsewhere',
      () => {
        fake.trouble = () => ({ status: 301, headers: { location: 'http://elsewhere.example/' } });
      },
      'answers 301 and sends to http://elsewhere.example/',
    ],
  ])('%s is named in one line, and nothing is written', async (_, arrange, says) => {
    arrange();
    const { code, stdout, stderr } = await cli({ ...variables, BIGCAPITAL_TIMEOUT_SECONDS: '1' }, ...words());
    expect([code, stdout, stderr.trimEnd().split('\n')]).toEqual([1, '', [expect.stringContaining(says)]]);
    expect(stderr).not.toContain(KEY);
    expect(await count('accounts')).toBe(0);
  });

  it('is not waited for when the import has failed', async () => {
    fake.refund(fake.creditNote(100), 40);
    fake.refund(fake.creditNote(100), 40);
    fake.trouble = (path) => {
      if (path === '/api/credit-notes/4/refunds') return { status: 400 };
      return path === '/api/credit-notes/5/refunds' ? 'never' : null;
    };
    // The reply that never comes would be awaited for eight times a minute.
    const { code, stderr } = await take();
    expect([code, stderr]).toEqual([1, expect.stringContaining('/api/credit-notes/4/refunds: it answers 400')]);
  });

  it('is not tried for long at a wrong URL, nor with a wrong key', async () => {
    const closed = await FakeBigcapital.start();
    await closed.stop();
    const at = (url: string, key: string) =>
      cli({ DATABASE_URL, BIGCAPITAL_API_KEY: key }, 'import:bigcapital', '--url', url, '--id', fake.publicId);
    const replies = await Promise.all([at('http://127.0.0.1:9', KEY), at('ftp://books', KEY), at(fake.url, 'bc_wrong')]);
    expect(replies.map(({ code, stderr }) => [code, stderr.trimEnd()])).toEqual([
      [1, expect.stringContaining('Bigcapital cannot be read at http://127.0.0.1:9/api/organization/current')],
      [1, '--url must be a URL such as https://books.example.com'],
      [1, expect.stringContaining('it does not accept the API key (status 401)')],
    ]);
  });

  it('may count records that no page shows, and is not asked for all these pages', async () => {
    const customers = JSON.stringify(fake.customers);
    fake.trouble = (path) => {
      if (!path.startsWith('/api/customers')) return null;
      const records = path.includes('page=1&') ? customers : '[]';
      return { status: 200, body: `{"customers":${records},"pagination":{"total":10000,"page":1,"page_size":250}}` };
    };
    const { code, stderr } = await take('--dry-run');
    expect([code, stderr]).toEqual([1, expect.stringContaining('Bigcapital says that it has 10000 records at /api/customers')]);
    expect(fake.requests.filter((path) => path.startsWith('/api/customers')).length).toBeLessThan(10);
  });

  it('is refused if it has more records than an import takes, before its other pages are asked for', async () => {
    const customers = JSON.stringify(fake.customers);
    fake.trouble = (path) =>
      path.startsWith('/api/customers')
        ? { status: 200, body: `{"customers":${customers},"pagination":{"total":10000001,"page":1,"page_size":250}}` }
        : null;
    const { code, stderr } = await take('--dry-run');
    expect([code, stderr]).toEqual([1, expect.stringContaining('an import takes at most 10000000')]);
    expect(fake.requests.filter((path) => path.startsWith('/api/customers'))).toHaveLength(1);
  });

  it('may show a record on two pages and another one on none, since it sorts by a time that all lack', async () => {
    for (let index = 0; index < 300; index += 1) fake.creditNote(1);
    const all = [...fake.creditNotes];
    const trouble: typeof fake.trouble = (path, attempt) => {
      // The second page of the first reading begins with the records of the first one.
      const isShifted = path.includes('page=2') && attempt === 1;
      fake.creditNotes.splice(0, fake.creditNotes.length, ...(isShifted ? [...all.slice(53), ...all.slice(0, 53)] : all));
      return null;
    };
    fake.trouble = trouble;
    const { code, stdout } = await take('--dry-run');
    expect([code, stdout.includes('credit notes\t303\t303\t0\t0')]).toEqual([0, true]);
  });
});
