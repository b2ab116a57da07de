import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, jest } from '@jest/globals';
import { signJwt } from '../src/auth/jwt.js';
import { AuditEventsDocument, MeDocument } from './generated/documents.js';
import { Client, JWT, sharedBooks, sharedGateway } from './helpers/gateway.js';
import { operatorOf } from './helpers/process.js';

jest.setTimeout(120_000);

const gateway = sharedGateway();
const books = sharedBooks(gateway, { timeZone: 'Pacific/Auckland' });
const operate = operatorOf(gateway);

const inBooks = () => ['--organization', books.organization.publicId];

describe('a member', () => {
  const member = (verb: string, ...words: string[]) => operate('member', verb, ...inBooks(), ...words);
  const ann = async () => {
    const headers = {
      authorization: `Bearer ${await signJwt('ann', JWT.key, '1h')}`,
      'organization-id': books.organization.publicId,
    };
    const { data, errors } = await new Client(gateway.app, headers).graphql(MeDocument);
    return data?.me.role ?? errors?.[0]?.extensions.code;
  };
  const listed = async () => (await member('list')).stdout.split('\n').filter((line) => line.startsWith('ann\t'));

  it('is added, changed, ended and added again, each with immediate effect and an audit event', async () => {
    await member('add', '--subject', 'ann', '--name', 'Ann', '--role', 'ACCOUNTANT');
    const added = [await ann(), await listed()];
    await member('change', '--subject', 'ann', '--role', 'VIEWER', '--by', 'Otto Operator');
    const changed = [await ann(), await listed()];
    await member('end', '--subject', 'ann');
    const ended = [await ann(), await listed()];
    await member('add', '--subject', 'ann', '--name', 'Ann', '--role', 'ADMIN');
    const back = [await ann(), await listed()];

    expect([added, changed, ended, back]).toEqual([
      ['ACCOUNTANT', ['ann\tAnn\tACCOUNTANT\tno']],
      ['VIEWER', ['ann\tAnn\tVIEWER\tno']],
      ['UNAUTHENTICATED', [expect.stringMatching(/^ann\tAnn\tVIEWER\t20\d\d-\S+Z$/)]],
      ['ADMIN', ['ann\tAnn\tADMIN\tno']],
    ]);
    const {
      auditEvents: { nodes: auditEvents },
    } = await books.client.query(AuditEventsDocument);
    const events = auditEvents.filter(({ action }) => action.startsWith('member')).map((event) => [event.action, event.details]);
    expect(events).toEqual([
      ['member add', { subject: 'ann', role: 'ACCOUNTANT', by: expect.stringMatching(/./) }],
      ['member change', { subject: 'ann', before: 'ACCOUNTANT', after: 'VIEWER', by: 'Otto Operator' }],
      ['member end', { subject: 'ann', role: 'VIEWER', by: expect.stringMatching(/./) }],
      ['member add', { subject: 'ann', role: 'ADMIN', by: expect.stringMatching(/./) }],
    ]);
  });

  it('who does not exist can neither be changed nor ended', async () => {
    for (const words of [
      ['change', '--subject', 'bob', '--role', 'ADMIN'],
      ['end', '--subject', 'bob'],
    ]) {
      const { code, stderr } = await member(...(words as [string]));
      expect([code, stderr.split('\n')[0]]).toEqual([1, expect.stringContaining('bob is no member')]);
    }
  });
});

describe('an API key with an expiry date', () => {
  it('expires at the end of the day in the organization’s time zone', async () => {
    const { stdout } = await operate(
      'api-key',
      'create',
      ...inBooks(),
      '--name',
      'k',
      '--role',
      'VIEWER',
      '--expires',
      '2099-12-31',
    );
    const id = /key (\d+)/.exec(stdout)?.[1];
    const { rows } = await gateway.database.sql.query(
      `select expires_at = '2100-01-01 00:00 Pacific/Auckland' as right from api_keys where id = $1`,
      [id],
    );
    expect(rows).toEqual([{ right: true }]);
  });

  it('may expire today in that time zone, but not yesterday', async () => {
    const { rows } = await gateway.database.sql.query(
      `select to_char(clock_timestamp() at time zone 'Pacific/Auckland', 'YYYY-MM-DD') as today,
         to_char(clock_timestamp() at time zone 'Pacific/Auckland' - interval '1 day', 'YYYY-MM-DD') as yesterday`,
    );
    const expiring = (day: string) =>
      operate('api-key', 'create', ...inBooks(), '--name', 'k', '--role', 'VIEWER', '--expires', day);
    expect((await expiring(rows[0].today)).code).toBe(0);
    expect(await expiring(rows[0].yesterday)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^--expires must be a date/),
    });
    expect(await expiring('2099-12-31T10:00:00Z')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^--expires must be a date/),
    });
  });
});

describe('help', () => {
  it.each([
    [['--help'], ['npm run migrate', 'npm run organization -- create', 'npm run audit']],
    [
      ['member', '--help'],
      ['npm run member -- add', 'npm run member -- end'],
    ],
    [['member', 'end', '-h'], ['npm run member -- end --organization PUBLIC_ID --subject JWT_SUB [--by WHO]']],
    [['migrate', '--help'], ['npm run migrate [-- [--application-role ROLE] [--operator-role ROLE]]']],
    [['audit', '--help'], ['npm run audit [-- [--organization PUBLIC_ID]]']],
    [
      ['api-key', 'create', '--role', 'VIEWER', '--help'],
      ['npm run api-key -- create', '[--expires 2027-12-31]'],
    ],
  ])('is printed, and nothing else happens: %j', async (words, expected) => {
    const { code, stdout, stderr } = await operate(...words);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const text of expected) expect(stdout).toContain(text);
  });

  it('covers only the command in question', async () => {
    expect((await operate('member', '--help')).stdout).not.toContain('api-key');
  });

  it.each([
    [
      ['member', 'end', '--role', 'ADMIN'],
      'There is no option --role for member end; there is: --organization, --subject, --by, --help',
    ],
    [['audit', '--verbose'], 'There is no option --verbose for audit; there is: --organization, --help'],
    [['migrate', '-x'], 'There is no option -x for migrate; there is: --application-role, --operator-role, --help'],
    [['--colour'], 'There is no option --colour; there is: --id'],
    [['audit', '--organization', 'a', '--organization', 'b'], '--organization is given twice'],
    [['api-key', 'revoke', '--organization', '--key', '1'], '--organization needs a value: --organization PUBLIC_ID'],
  ])('replaces a command with a wrong option: %j', async (words, says) => {
    const { code, stdout, stderr } = await operate(...words);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.split('\n')[0]).toContain(says);
  });
});

describe('npm start and npm run bench', () => {
  const run = (program: string, word: string) =>
    new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
      const file = fileURLToPath(new URL(`../${program}`, import.meta.url));
      execFile(process.execPath, [file, word], (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }));
    });

  it.each([
    ['src/main.js', 'environment variables'],
    ['bench/main.js', '--only PATTERN'],
  ])('print their usage for --help and for an unknown option: %s', async (program, says) => {
    for (const word of ['--help', '-h']) {
      expect(await run(program, word)).toEqual({ code: 0, stdout: expect.stringContaining(says), stderr: '' });
    }
    expect(await run(program, '--colour')).toEqual({ code: 1, stdout: '', stderr: expect.stringContaining(says) });
    expect((await run(program, '--colour')).stderr).toContain('--colour');
  });
});
