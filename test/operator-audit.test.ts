import { beforeAll, expect, it } from '@jest/globals';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';
import { operatorOf } from './helpers/process.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);
const operate = operatorOf(gateway);
let keyId: string;
beforeAll(async () => {
  await operate('member', 'add', ...inBooks(), '--subject', 'ann', '--name', 'Ann', '--role', 'VIEWER');
  const { stdout } = await operate('api-key', 'create', ...inBooks(), '--name', 'k', '--role', 'VIEWER');
  keyId = String(/key (\d+)/.exec(stdout)?.[1]);
  await gateway.database.superuser.query('alter table audit_events add constraint nothing_more check (false) not valid');
});

const inBooks = () => ['--organization', books.organization.publicId];

const COMMANDS: Record<string, () => string[]> = {
  'organization create': () => ['--id', 'new', '--name', 'New', '--currency', 'USD', '--time-zone', 'UTC'],
  'member add': () => [...inBooks(), '--subject', 'bob', '--name', 'Bob', '--role', 'VIEWER'],
  'member change': () => [...inBooks(), '--subject', 'ann', '--role', 'ADMIN'],
  'member end': () => [...inBooks(), '--subject', 'ann'],
  'api-key create': () => [...inBooks(), '--name', 'another', '--role', 'VIEWER'],
  'api-key revoke': () => [...inBooks(), '--key', keyId],
};

it.each(Object.entries(COMMANDS))('%s is rolled back if its audit event cannot be written', async (name, options) => {
  const before = await state();

  const reply = await operate(...name.split(' '), ...options());

  expect(reply).toEqual({ code: 1, stdout: '', stderr: expect.stringContaining('nothing_more') });
  expect(await state()).toEqual(before);
});

async function state(): Promise<unknown> {
  const { superuser } = gateway.database;
  const { rows } = await superuser.query(`
    select (select jsonb_agg(each) from organizations each) as organizations, (select jsonb_agg(each) from users each) as users,
      (select jsonb_agg(each) from memberships each) as memberships, (select jsonb_agg(each) from api_keys each) as api_keys`);
  return rows;
}
