import { expect, it } from '@jest/globals';
import { AuditEventsDocument } from './generated/documents.js';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';
import { type Ended, operatorOf } from './helpers/process.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);
const operate = operatorOf(gateway);

const inBooks = () => ['--organization', books.organization.publicId];

/** Runs two commands at the same time: both have begun before either can write its audit event. */
async function together(...commands: readonly [string[], string[]]): Promise<Ended[]> {
  const { superuser, untilWaiting } = gateway.database;
  await superuser.query('begin; lock table audit_events in share mode');
  const running = Promise.all(commands.map((words) => operate(...words)));
  await untilWaiting(2);
  await superuser.query('commit');
  return (await running).sort((one, other) => Number(one.code) - Number(other.code));
}

it('a member that two operators add at the same time is added once', async () => {
  const add = (role: string) => ['member', 'add', ...inBooks(), '--subject', 'ann', '--name', 'Ann', '--role', role];
  const [first, second] = await together(add('VIEWER'), add('VIEWER'));
  expect([first?.code, second]).toEqual([0, { code: 1, stdout: '', stderr: 'ann is a member already\n' }]);
});

it('a user whom two organizations add at the same time is a member of both', async () => {
  const other = await gateway.books();
  const add = (id: string) => ['member', 'add', '--organization', id, '--subject', 'bob', '--name', 'Bob', '--role', 'VIEWER'];
  const both = await together(add(books.organization.publicId), add(other.organization.publicId));
  expect(both).toMatchObject([{ code: 0 }, { code: 0 }]);
});

it('a membership that two operators end at the same time ends once', async () => {
  await operate('member', 'add', ...inBooks(), '--subject', 'eve', '--name', 'Eve', '--role', 'VIEWER');
  const end = ['member', 'end', ...inBooks(), '--subject', 'eve'];
  expect(await together(end, end)).toMatchObject([{ code: 0 }, { code: 1, stderr: expect.stringContaining('eve is no member') }]);
  const {
    auditEvents: { nodes: auditEvents },
  } = await books.client.query(AuditEventsDocument);
  expect(auditEvents.filter(({ action, details }) => action === 'member end' && details.subject === 'eve')).toHaveLength(1);
});

it('of two changes at the same time, the later one records what the earlier one made', async () => {
  await operate('member', 'add', ...inBooks(), '--subject', 'joe', '--name', 'Joe', '--role', 'VIEWER');
  const change = (role: string) => ['member', 'change', ...inBooks(), '--subject', 'joe', '--role', role];
  expect(await together(change('ACCOUNTANT'), change('ADMIN'))).toMatchObject([{ code: 0 }, { code: 0 }]);
  const {
    auditEvents: { nodes: auditEvents },
  } = await books.client.query(AuditEventsDocument);
  const [one, other] = auditEvents.filter(({ action }) => action === 'member change').map(({ details }) => details);
  expect([one?.before, other?.before]).toEqual(['VIEWER', one?.after]);
});

it('an organization that two operators create at the same time is created once', async () => {
  const create = (id: string) => ['organization', 'create', '--id', id, '--name', 'New', '--currency', 'USD', '--time-zone', 'UTC'];
  const [first, second] = await together(create('twins'), create('Twins'));
  expect([first?.code, second?.code, second?.stderr]).toEqual([
    0,
    1,
    expect.stringMatching(/^There is an organization twins already\n$/i),
  ]);
});
