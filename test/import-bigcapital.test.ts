import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { EntityManager } from '@mikro-orm/postgresql';
import { createApiKey } from '../src/auth/api-keys.js';
import { Role } from '../src/entities/access.js';
import { Organization } from '../src/entities/organization.js';
import { addMember } from '../src/services/organizations/members.js';
import { freezeOrganization } from '../src/services/organizations/move.js';
import { FakeBigcapital, THEIR_ID } from './helpers/fake-bigcapital.js';
import { Client, sharedGateway } from './helpers/gateway.js';

jest.setTimeout(120_000);

const OTTO = { by: 'Otto Operator' };

const gateway = sharedGateway({ restContract: 'observed' });
const fake = FakeBigcapital.fresh();

function take(changes: Parameters<FakeBigcapital['importInto']>[1] = {}) {
  return fake.importInto(gateway, changes);
}

/** The imported organization. */
async function imported(em: EntityManager): Promise<Organization> {
  const { rows } = await gateway.database.superuser.query('select id from organizations where public_id = $1', [fake.publicId]);
  return em.findOneOrFail(Organization, { id: Number(rows[0].id) });
}

/** A client of the imported organization. */
async function clientOf(role = Role.ACCOUNTANT): Promise<Client> {
  const { key } = await gateway.database.asOperator(async (em) =>
    createApiKey(em, await imported(em), { name: 'Legacy program', role }),
  );
  return new Client(gateway.app, { authorization: `Bearer ${key}` });
}

async function get(path: string) {
  const { headers } = await clientOf();
  return (await gateway.app.inject({ url: path, headers })).json();
}

/** All rows of all tables that an import could write. */
async function rows(): Promise<unknown> {
  const tables = ['organizations', 'accounts', 'branches', 'customers', 'credit_notes', 'credit_note_lines', 'refunds'];
  const all = [];
  for (const name of [...tables, 'journal_entries', 'journal_lines', 'audit_events']) {
    all.push((await gateway.database.superuser.query(`select * from ${name} order by 1, 2`)).rows);
  }
  return all;
}

/** The lines of the journal as text, with the ids of Bigcapital's accounts. */
async function journal(source: string): Promise<string[]> {
  const { rows } = await gateway.database.superuser.query(
    `select line.side || ' ' || account.name || ' ' || line.amount::float8 as text
     from journal_lines line
       join journal_entries entry on entry.organization_id = line.organization_id and entry.id = line.journal_entry_id
       join accounts account on account.organization_id = line.organization_id and account.id = line.account_id
     where line.organization_id = (select id from organizations where public_id = $1) and entry.source = $2 order by line.id`,
    [fake.publicId, source],
  );
  return rows.map(({ text }) => text);
}

const reasons = (findings: readonly { what: string; why: string }[]) => findings.map(({ what, why }) => `${what}: ${why}`);

describe('an import', () => {
  it('takes everything over with its ids, dates and amounts, and the books are right', async () => {
    const noteId = fake.creditNote(100, { credit_note_date: '2026-01-20T00:00:00.000Z', reference_no: 'RMA-1', note: 'Sorry' });
    const refundId = fake.refund(noteId, 40, { date: '2026-02-03T00:00:00.000Z', from_account_id: 1003 });
    const { report, health } = await take();
    expect(reasons([...report.refused, ...report.differences])).toEqual([]);
    expect(health?.healthy).toBe(true);
    expect(report.counts).toMatchObject({
      accounts: { theirs: 35, added: 35 },
      customers: { theirs: 2, added: 2 },
      'credit notes': { theirs: 4, added: 4 },
      refunds: { theirs: 1, added: 1 },
    });
    expect(await get(`/api/credit-notes/${noteId}`)).toMatchObject({
      ...{ id: noteId, credit_note_number: `CN-${noteId}`, credit_note_date: '2026-01-20T00:00:00.000Z', customer_id: 1 },
      ...{ total: 100, refunded_amount: 40, credits_remaining: 60, reference_no: 'RMA-1', note: 'Sorry', currency_code: 'USD' },
    });
    expect(await get(`/api/credit-notes/${noteId}/refunds`)).toMatchObject([
      {
        id: refundId,
        amount: 40,
        date: '2026-02-03T00:00:00.000Z',
        from_account_id: 1003,
        reference_no: 'R-1',
        description: 'Paid back',
      },
    ]);
    expect(report.notes.at(-1)).toEqual({
      id: String(noteId),
      number: `CN-${noteId}`,
      currencyCode: 'USD',
      theirs: '60.00',
      ours: '60.00',
    });
  });

  it('lets legacy clients go on with the ids that they know, and draws the next ids above them', async () => {
    const noteId = fake.creditNote(100);
    const refundId = fake.refund(noteId, 40);
    await take();
    const client = await clientOf();
    const refund = { from_account_id: 1000, amount: '60.00', date: '2026-03-01' };
    const { status, json } = await client.rest(`/api/credit-notes/${noteId}/refunds`, refund);
    expect([status, json]).toMatchObject([201, { id: refundId + 1, credit_note_id: noteId, amount: 60, from_account_id: 1000 }]);
    expect(await get(`/api/credit-notes/${noteId}`)).toMatchObject({ credits_remaining: 0, is_closed: true });
    const more = await client.rest(`/api/credit-notes/${noteId}/refunds`, { ...refund, amount: '0.01' });
    expect(more.json.errors[0].type).toBe('CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT');
  });

  it('keeps absent references and descriptions apart from empty ones', async () => {
    const noteId = fake.creditNote(100);
    fake.refund(noteId, 10, { reference_no: null, description: '' });
    fake.refund(noteId, 10, { reference_no: '', description: null });
    await take();
    expect(await get(`/api/credit-notes/${noteId}/refunds`)).toMatchObject([
      { reference_no: null, description: '' },
      { reference_no: '', description: null },
    ]);
  });

  it('says that a refund comes from Bigcapital, and names no author of ours', async () => {
    fake.refund(fake.creditNote(100), 40);
    await take();
    const { data } = await (await clientOf(Role.ADMIN)).graphql('{ refunds { nodes { provenance { createdBy protocol } } } }');
    expect(data).toEqual({
      refunds: { nodes: [{ provenance: { createdBy: 'Bigcapital', protocol: 'IMPORT' } }] },
    });
  });

  it('gives each note a number of its own, and says so', async () => {
    const { report } = await take();
    expect(report.notes.map(({ number }) => number)).toEqual(['{}', '{} (2)', '{} (3)']);
    expect(reasons(report.changes)).toEqual(
      expect.arrayContaining([
        'account 1017: its code "30003" is "30003 (1017)" here',
        'account 1034: its code is missing, and is "1034" here',
        'credit note 2: its number "{}" is "{} (2)" here',
      ]),
    );
  });

  describe('while somebody here takes the number of a note, so that the database refuses the batch', () => {
    beforeEach(async () => {
      await take();
      for (const total of [10, 20, 30]) fake.creditNote(total);
      // The new notes are in the first half of the batch.
      fake.creditNotes.reverse();
    });

    async function takeMeanwhile() {
      const { superuser } = gateway.database;
      await superuser.query('begin; lock table journal_entries in share mode');
      const importing = take();
      // The numbers have been looked up, and nothing is written yet.
      await gateway.database.untilWaiting(1);
      await superuser.query('set local session_replication_role = replica');
      await superuser.query(
        `insert into credit_notes (organization_id, id, number, customer_id, branch_id, date, currency_code, exchange_rate, total, reference_no, note, created_by)
         select organization_id, 900, 'CN-5', customer_id, branch_id, date, currency_code, exchange_rate, total, '', '', 'psql'
         from credit_notes where organization_id = (select id from organizations where public_id = $1) and id = 1`,
        [fake.publicId],
      );
      await superuser.query('commit');
      return (await importing).report;
    }

    it('this note gets the id behind its number, and the others keep theirs', async () => {
      const { notes, changes } = await takeMeanwhile();
      expect(notes.map(({ number }) => number)).toEqual(expect.arrayContaining(['CN-4', 'CN-5 (5)', 'CN-6']));
      expect(reasons(changes)).toEqual(['credit note 5: its number "CN-5" is "CN-5 (5)" here']);
    });

    it('the second of two notes with the same id is named all the same', async () => {
      fake.creditNotes.push({ ...fake.note(4), note: 'the other one' });
      const { refused } = await takeMeanwhile();
      expect(reasons(refused)).toContain('credit note 4: Bigcapital shows two credit notes with this id');
    });
  });

  it('books a foreign refund at both rates, with the gain, where Bigcapital books nothing converted', async () => {
    const noteId = fake.creditNote(100, { currency_code: 'EUR', exchange_rate: 1.2, customer_id: 2 });
    fake.refund(noteId, 50, { exchange_rate: 1.1 });
    const { report, health } = await take();
    expect([reasons(report.refused), reasons(report.differences), health?.healthy]).toEqual([[], [], true]);
    expect(await journal('REFUND')).toEqual([
      'DEBIT Accounts Receivable (A/R) 60',
      'CREDIT Bank Account 55',
      'CREDIT Exchange Gain or Loss 5',
    ]);
    expect(await journal('OPENING')).toEqual([]);
  });

  it('knows what is applied to invoices, drafts, discounts, adjustments, branches and inactive records', async () => {
    fake.branches.push({ id: 5, name: 'South', code: 'S', primary: 1 }, { id: 6, name: 'North', code: 'N', primary: 0 });
    const applied = fake.creditNote(100, { invoices_amount: 30, credits_remaining: 70, branch_id: 6 });
    const draft = fake.creditNote(50, { opened_at: null });
    const discounted = fake.creditNote(100, {
      discount: 10,
      discount_amount: 10,
      adjustment: 5,
      total: 95,
      credits_remaining: 100,
    });
    fake.post(1006, 5);
    fake.post(1031, 10);
    fake.post(1033, -5);
    fake.customers.push({ ...fake.customers[0], id: 9, display_name: 'Gone', active: 0 });
    fake.creditNote(20, { customer_id: 9 });
    const { report, health } = await take();
    expect([reasons(report.refused), health?.healthy]).toEqual([[], true]);
    // Bigcapital does not subtract the discount from the remaining credit.
    expect(reasons(report.differences)).toEqual([
      `credit note ${discounted}: 100.00 USD remain in Bigcapital, and 95.00 here: what its total, its refunds and its invoices leave`,
    ]);
    expect(await get(`/api/credit-notes/${applied}`)).toMatchObject({ invoices_amount: 30, credits_remaining: 70, branch_id: 6 });
    expect(await get(`/api/credit-notes/${draft}`)).toMatchObject({ is_draft: true, total: 50 });
    expect(await get('/api/customers')).toMatchObject({ pagination: { total: 2 } });
    expect(await get('/api/customers?inactive_mode=true')).toMatchObject({ pagination: { total: 1 } });
    expect(report.opening).toEqual([]);
  });

  it('opens the accounts with what invoices, bills and payments have left', async () => {
    fake.refund(fake.creditNote(100), 40);
    // An invoice of 500, of which 200 are paid.
    fake.post(1006, 300);
    fake.post(1000, 200);
    fake.post(1026, 500);
    const { report, health } = await take();
    expect([reasons(report.refused), health?.healthy]).toEqual([[], true]);
    expect(await journal('OPENING')).toEqual([
      'CREDIT Sales of Service Income 500',
      'DEBIT Bank Account 200',
      'DEBIT Accounts Receivable (A/R) 300',
    ]);
    const { data } = await (await clientOf(Role.ADMIN)).graphql<{ accounts: { nodes: { id: string; balance: string }[] } }, never>(
      '{ accounts(first: 100) { nodes { id balance } } }',
    );
    const balances = new Map(data?.accounts.nodes.map(({ id, balance }) => [id, balance]));
    expect([balances.get('1000'), balances.get('1026')]).toEqual(['160.00', '-1900.00']);
  });

  it('shows the lines of an opening entry to legacy clients as such, and not as those of a credit note', async () => {
    fake.post(1000, 7);
    fake.post(1026, 7);
    await take();
    const { rows } = await gateway.database.superuser.query(
      `select id from journal_entries where organization_id = (select id from organizations where public_id = $1) and source = 'OPENING'`,
      [fake.publicId],
    );
    const opening = {
      transaction_type: 'OpeningBalance',
      transaction_type_formatted: 'Opening Balance',
      transaction_id: Number(rows[0].id),
    };
    for (const query of ['?account_id=1000', '?limit=1']) {
      expect((await get(`/api/accounts/transactions${query}`))[0]).toMatchObject(opening);
    }
  });
});

describe('a second import', () => {
  it('of the same books changes nothing, and says so', async () => {
    fake.post(1000, 200);
    fake.post(1026, 200);
    fake.refund(fake.creditNote(100), 40);
    await take();
    const before = await rows();
    const { report } = await take();
    expect(report.isUnchanged).toBe(true);
    expect(report.isComplete).toBe(true);
    expect(report.counts).toMatchObject({ 'credit notes': { added: 0, present: 4 }, refunds: { added: 0, present: 1 } });
    expect(await rows()).toEqual(before);
  });

  it('adds what is new since the first one: records, refunds of known notes, and changed balances', async () => {
    const noteId = fake.creditNote(100);
    fake.refund(noteId, 40);
    await take();
    fake.refund(noteId, 10);
    fake.refund(fake.creditNote(30, { customer_id: 3 }), 30);
    fake.customers.push({ ...fake.customers[0], id: 3, display_name: 'New' });
    fake.post(1000, 7);
    fake.post(1026, 7);
    const { report, health } = await take();
    expect([reasons(report.refused), reasons(report.differences), health?.healthy]).toEqual([[], [], true]);
    expect(report.counts).toMatchObject({
      customers: { added: 1 },
      'credit notes': { added: 1 },
      refunds: { added: 2, present: 1 },
    });
    expect(report.opening).toEqual([
      ['Sales of Service Income', '-7.00'],
      ['Bank Account', '7.00'],
    ]);
  });

  it('leaves alone what was changed in Bigcapital, and names it', async () => {
    const noteId = fake.creditNote(100);
    const refundId = fake.refund(noteId, 40);
    await take();
    fake.note(noteId).credit_note_date = '2026-01-02T00:00:00.000Z';
    fake.refunds.splice(0, 1);
    Object.assign(fake.note(noteId), { refunded_amount: 0, credits_remaining: 100 });
    const { report } = await take();
    expect(report.isComplete).toBe(false);
    expect(reasons(report.differences)).toEqual([
      `credit note ${noteId}: its date is 2026-01-02 in Bigcapital, and 2026-01-15 here`,
      `credit note ${noteId}: refund ${refundId} was taken over, and Bigcapital has deleted it since`,
    ]);
  });

  it('names a credit note that Bigcapital has deleted since', async () => {
    const noteId = fake.creditNote(100);
    await take();
    fake.creditNotes.pop();
    fake.post(1006, 100);
    fake.post(1026, 100);
    const { report } = await take();
    expect([report.isUnchanged, report.isComplete, reasons(report.differences)]).toEqual([
      true,
      false,
      [`credit note ${noteId}: Bigcapital has deleted it since it was taken over`],
    ]);
  });

  it('does not mistake a refund that was made here for one of Bigcapital', async () => {
    const noteId = fake.creditNote(100);
    await take();
    await (await clientOf()).rest(`/api/credit-notes/${noteId}/refunds`, {
      from_account_id: 1000,
      amount: '25',
      date: '2026-03-01',
    });
    const { rows } = await gateway.database.superuser.query(
      'select id from refunds where organization_id = (select id from organizations where public_id = $1)',
      [fake.publicId],
    );
    fake.refund(noteId, 25, { id: Number(rows[0].id), date: '2026-03-01T00:00:00.000Z' });
    const { report } = await take();
    expect(reasons(report.differences)).toEqual([`credit note ${noteId}: refund ${rows[0].id} is another one here`]);
    expect(report.counts.refunds.added).toBe(0);
  });

  it('is refused for an organization that no import has begun, or the import of other books', async () => {
    const books = await gateway.books();
    const before = await rows();
    fake.publicId = books.organization.publicId;
    await expect(take()).rejects.toThrow(`There is an organization ${fake.publicId} already, which no import has begun`);
    expect(await rows()).toEqual(before);
    fake.publicId = 'books-twice';
    await take();
    fake.organization.organization_id = 'others';
    await expect(take()).rejects.toThrow(`was begun by the import of ${THEIR_ID}, and this is others`);
  });

  it('is refused while the organization is frozen, and while another import of it runs', async () => {
    const noteId = fake.creditNote(100);
    await take();
    await gateway.database.asOperator(async (em) => {
      await addMember(em, await imported(em), { subject: 'ann', name: 'Ann', role: Role.ADMIN }, OTTO);
      await freezeOrganization(em, await imported(em), {}, OTTO);
    });
    fake.refund(noteId, 1);
    await expect(take()).rejects.toMatchObject({ code: 'ORGANIZATION_MOVING' });
    fake.publicId = `${fake.publicId}-at-once`;
    fake.delay = 300;
    const outcomes = await Promise.allSettled([take(), take(), take()]);
    // Each waits some seconds for the one before; whoever runs later finds everything here.
    const added = outcomes.flatMap((outcome) =>
      outcome.status === 'fulfilled' ? outcome.value.report.counts['credit notes'].added : [],
    );
    expect(added.filter((count) => count > 0)).toEqual([4]);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason.message).toBe(`Another import of ${fake.publicId} is running`);
    }
  });
});

describe('a dry run', () => {
  it('changes nothing, and says the same as the import', async () => {
    const noteId = fake.creditNote(100);
    fake.refund(noteId, 40);
    fake.refund(fake.creditNote(10), 5, { from_account_id: 1020 });
    fake.post(1000, 200);
    fake.post(1026, 200);
    const before = await rows();
    const dry = await take({ isDry: true });
    expect(await rows()).toEqual(before);
    const real = await take();
    const said = ({ report }: typeof dry) => ({
      ...report,
      ours: [...report.ours].map(([code, sums]) => [code, JSON.stringify(sums)]).sort(),
    });
    expect(said(dry)).toEqual(said(real));
    // Also of an organization that is here already.
    fake.refund(noteId, 1);
    const later = await rows();
    const { report } = await take({ isDry: true });
    expect(report.counts.refunds).toMatchObject({ added: 1, present: 1, refused: 1 });
    expect(await rows()).toEqual(later);
  });
});
