import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createApiKey } from '../src/auth/api-keys.js';
import { Role } from '../src/entities/access.js';
import { Organization } from '../src/entities/organization.js';
import { CreateCustomerDocument } from './generated/documents.js';
import { FakeBigcapital } from './helpers/fake-bigcapital.js';
import { Client, sharedGateway } from './helpers/gateway.js';

jest.setTimeout(120_000);

const gateway = sharedGateway({ restContract: 'observed' });
const fake = FakeBigcapital.fresh();
let noteId: number;
let refundId: number;
beforeEach(async () => {
  fake.branches.push({ id: 5, name: 'South', code: 'S', primary: 1 }, { id: 6, name: 'East', code: 'E', primary: 0 });
  noteId = fake.creditNote(100);
  refundId = fake.refund(noteId, 40);
});

async function take() {
  const { report, health } = await fake.importInto(gateway);
  expect(health?.healthy).toBe(true);
  return report;
}

async function differences(): Promise<string[]> {
  return (await take()).differences.map(({ what, why }) => `${what}: ${why}`);
}

async function organizationId(): Promise<number> {
  const { rows } = await gateway.database.superuser.query('select id from organizations where public_id = $1', [fake.publicId]);
  return Number(rows[0].id);
}

/** A client of the imported organization. */
async function clientOf(role: Role): Promise<Client> {
  const id = await organizationId();
  const { key } = await gateway.database.asOperator(async (em) =>
    createApiKey(em, await em.findOneOrFail(Organization, { id }), { name: 'Legacy program', role }),
  );
  return new Client(gateway.app, { authorization: `Bearer ${key}` });
}

const note = () => fake.note(noteId);
const line = () => (note().entries as Record<string, unknown>[])[0] as Record<string, unknown>;
const refund = () => fake.refunds[0] as Record<string, unknown>;

describe('what is changed in Bigcapital after it was taken over is named, and stays as it is here', () => {
  it.each<[string, () => void, string[]]>([
    [
      'the name and the time zone of the organization',
      () => Object.assign(fake.organization.metadata as object, { name: ' Cleaner Ltd', timezone: 'Asia/Tokyo' }),
      [
        'organization: its name is "Cleaner Ltd" in Bigcapital, and "Clean Ltd" here',
        'organization: its time zone is Asia/Tokyo in Bigcapital, and UTC here',
      ],
    ],
    [
      'the name and the code of an account',
      () => Object.assign(fake.account(1000), { name: 'Post', code: '777' }),
      [
        'account 1000: its code is "777" in Bigcapital, and "10001" here',
        'account 1000: its name is "Post" in Bigcapital, and "Bank Account" here',
      ],
    ],
    [
      'an account that is deactivated',
      () => Object.assign(fake.account(1000), { active: 0 }),
      ['account 1000: its state is inactive in Bigcapital, and active here'],
    ],
    [
      'the type of an account',
      () => Object.assign(fake.account(1000), { account_type: 'cash' }),
      ['account 1000: its type is cash in Bigcapital, and bank here'],
    ],
    [
      'an account that is deleted',
      () => fake.accounts.splice(fake.accounts.indexOf(fake.account(1003)), 1),
      ['account 1003: Bigcapital no longer shows it'],
    ],
    [
      'the name of a branch',
      () => Object.assign(fake.branches[1] ?? {}, { name: 'West' }),
      ['branch 6: its name is "West" in Bigcapital, and "East" here'],
    ],
    ['a branch that is deleted', () => fake.branches.pop(), ['branch 6: Bigcapital no longer shows it']],
    [
      'the name and the email address of a customer',
      () => Object.assign(fake.customers[0] ?? {}, { display_name: 'New', email: 'new@example.com' }),
      [
        'customer 1: its name is "New" in Bigcapital, and "Base Customer" here',
        'customer 1: its email address is "new@example.com" in Bigcapital, and null here',
      ],
    ],
    [
      'a customer that is deactivated',
      () => Object.assign(fake.customers[0] ?? {}, { active: 0 }),
      ['customer 1: its state is inactive in Bigcapital, and active here'],
    ],
    ['a customer that is deleted', () => fake.customers.splice(1, 1), ['customer 2: Bigcapital no longer shows it']],
    [
      'the number, reference and note of a credit note',
      () => Object.assign(note(), { credit_note_number: 'Z', reference_no: 'R', note: 'N' }),
      [
        'credit note 4: its number is "Z" in Bigcapital, and "CN-4" here',
        'credit note 4: its reference is "R" in Bigcapital, and "" here',
        'credit note 4: its note is "N" in Bigcapital, and "" here',
      ],
    ],
    [
      'the branch of a credit note',
      () => Object.assign(note(), { branch_id: 6 }),
      ['credit note 4: its branch is 6 in Bigcapital, and 5 here'],
    ],
    [
      'the account of a line, although the total is the same',
      () => {
        line().sell_account_id = 1028;
        fake.post(1026, 100);
        fake.post(1028, -100);
      },
      [
        'credit note 4: its list of lines is 100 on account 1028 "Service item" in Bigcapital, and 100 on account 1026 "Service item" here',
      ],
    ],
    [
      'the branch, reference and description of a refund',
      () => Object.assign(refund(), { branch_id: 6, reference_no: null, description: '' }),
      [
        'credit note 4: refund 1: its branch is 6 in Bigcapital, and 5 here',
        'credit note 4: refund 1: its reference is null in Bigcapital, and "R-1" here',
        'credit note 4: refund 1: its description is "" in Bigcapital, and "Paid back" here',
      ],
    ],
    [
      'the currency of a refund',
      () => Object.assign(refund(), { currency_code: 'EUR' }),
      ['credit note 4: refund 1 is another one here'],
    ],
  ])('%s', async (_what, change, expected) => {
    expect(await differences()).toEqual([]);
    change();
    const report = await take();
    expect(report.differences.map(({ what, why }) => `${what}: ${why}`)).toEqual(expected);
    expect([report.isUnchanged, report.isComplete, report.refused]).toEqual([true, false, []]);
  });

  it('another base currency is refused by its name, and nothing is taken over', async () => {
    await take();
    Object.assign(fake.organization.metadata as object, { base_currency: 'EUR' });
    fake.refund(noteId, 10);
    await expect(take()).rejects.toThrow(/has the base currency USD, and Bigcapital's has EUR/);
    Object.assign(fake.organization.metadata as object, { base_currency: 'USD' });
    expect((await take()).counts.refunds).toMatchObject({ added: 1, present: 1 });
  });

  it('the refunds that are new since are taken over all the same, if only texts have changed', async () => {
    await take();
    Object.assign(note(), { reference_no: 'R' });
    fake.refund(noteId, 10);
    const { counts, differences } = await take();
    expect([counts.refunds, differences.length]).toMatchObject([{ added: 1, present: 1 }, 1]);
  });
});

describe('nothing is different', () => {
  it('if codes and numbers were made unique here, or stand for missing ones', async () => {
    Object.assign(fake.account(1000), { code: '', name: '' });
    Object.assign(fake.account(1003), { code: fake.account(1001).code });
    fake.creditNote(10, { credit_note_number: 'CN-4' });
    expect(await differences()).toEqual([]);
    expect(await differences()).toEqual([]);
  });

  it('if Bigcapital shows the lines of a credit note in another order', async () => {
    const half = { rate: 50, amount: 50, subtotal: 50, total: 50, subtotal_excluding_tax: 50 };
    note().entries = [
      { ...line(), ...half, id: 101, sell_account_id: 1028 },
      { ...line(), ...half, id: 102 },
    ];
    fake.post(1026, 50);
    fake.post(1028, -50);
    expect(await differences()).toEqual([]);
    (note().entries as unknown[]).reverse();
    expect(await differences()).toEqual([]);
  });

  it('if a refund is deleted there and reversed here, or a credit note deleted there and void here', async () => {
    await take();
    const { headers } = await clientOf(Role.ACCOUNTANT);
    const remove = async (url: string) => {
      const { statusCode } = await gateway.app.inject({ method: 'DELETE', url, headers });
      expect(statusCode).toBe(200);
    };
    fake.refunds.splice(0, 1);
    Object.assign(note(), { refunded_amount: 0, credits_used: 0, credits_remaining: 100 });
    expect(await differences()).toEqual([
      `credit note ${noteId}: refund ${refundId} was taken over, and Bigcapital has deleted it since`,
    ]);
    await remove(`/api/credit-notes/refunds/${refundId}`);
    expect(await differences()).toEqual([]);
    fake.creditNotes.pop();
    expect(await differences()).toEqual([`credit note ${noteId}: Bigcapital has deleted it since it was taken over`]);
    await remove(`/api/credit-notes/${noteId}`);
    expect(await differences()).toEqual([]);
  });
});

it('a customer that is made here is not taken for the next one of Bigcapital', async () => {
  await take();
  const admin = await clientOf(Role.ADMIN);
  const { createCustomer } = await admin.query(CreateCustomerDocument, { input: { displayName: 'Ours' } });
  const theirs = Math.max(...fake.customers.map(({ id }) => Number(id))) + 1;
  fake.customers.push({ ...fake.customers[0], id: theirs, display_name: 'Theirs' });
  const next = fake.creditNote(10, { customer_id: theirs });
  expect(await differences()).toEqual([]);
  const { rows } = await gateway.database.superuser.query(
    `select customer.id, customer.display_name from credit_notes note
       join customers customer on customer.organization_id = note.organization_id and customer.id = note.customer_id
     where note.organization_id = $1 and note.id = $2`,
    [await organizationId(), next],
  );
  expect([rows, Number(createCustomer.id) > theirs]).toEqual([[{ id: String(theirs), display_name: 'Theirs' }], true]);
});
