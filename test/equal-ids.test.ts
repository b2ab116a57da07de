import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { expect, it } from '@jest/globals';
import { maintain } from '../src/services/ledger/maintenance.js';
import {
  AuditEventsDocument,
  BalancesDocument,
  CreateAccountDocument,
  CreateBranchDocument,
  CreateCreditNoteDocument,
  CreateCustomerDocument,
  CreditNoteDocument,
  LedgerHealthDocument,
  ListsDocument,
  LockTransactionsDocument,
  OpenCreditNoteDocument,
  PreviewRefundDocument,
  RefundabilityDocument,
  RefundCreditNoteDocument,
  RefundCreditNotesDocument,
  RefundDocument,
  RefundsPageDocument,
  ReverseRefundDocument,
  UnlockTransactionsDocument,
  VoidCreditNoteDocument,
} from './generated/documents.js';
import { asRestBody, type Books, sharedGateway } from './helpers/gateway.js';

/**
 * Two organizations whose rows have the same ids. A statement that finds, joins or changes rows by their ids alone would mix them up: then a reply
 * would differ from the one that the organization gets when it has a database of its own.
 */
const shared = sharedGateway();
const alone = [sharedGateway(), sharedGateway()] as const;

/** A step sends requests of one organization, and returns the replies. */
type Step = (client: Steps) => Promise<unknown>;

/** An organization whose texts and amounts differ from those of the other. */
class Steps {
  constructor(
    readonly books: Books,
    private readonly unit: number,
  ) {}

  amount(units: number): string {
    return (units * this.unit).toFixed(2);
  }

  text(text: string): string {
    return `${text} ${this.unit}`;
  }

  /** The reply, without the times, the ids of requests and the public id of the organization. */
  comparable(reply: object): unknown {
    const changing = ['createdAt', 'created_at', 'checkedAt', 'requestId'];
    const text = JSON.stringify(reply, (key, value) => (changing.includes(key) ? undefined : value));
    return JSON.parse(text.replaceAll(this.books.organization.publicId, 'the organization'));
  }

  async ask<T, V>(document: TypedDocumentNode<T, V>, variables: V): Promise<unknown> {
    const { data, errors } = await this.books.client.graphql(document, variables);
    return this.comparable({ data, errors });
  }

  refund(creditNoteId: string, units: number, changes = {}) {
    return this.books.refundInput(creditNoteId, { amount: this.amount(units), ...changes });
  }
}

/** The ids of all rows follow from the steps, since they are numbers of the organization. */
const NOTE = '1';
const EURO_NOTE = '2';
const DRAFT = '3';
const VOID_NOTE = '4';

const note = (steps: Steps, changes = {}) => ({
  input: {
    customerId: '1',
    date: '2026-01-15',
    referenceNo: steps.text('Ref'),
    lines: [
      { accountId: steps.books.ids.sales, amount: steps.amount(100), description: steps.text('Goods') },
      { accountId: steps.books.ids.sales, amount: steps.amount(50), description: steps.text('Freight') },
    ],
    open: true,
    ...changes,
  },
});

const STEPS: Readonly<Record<string, Step>> = {
  'a customer': (steps) => steps.ask(CreateCustomerDocument, { input: { displayName: steps.text('Customer') } }),
  'a foreign customer': (steps) =>
    steps.ask(CreateCustomerDocument, { input: { displayName: steps.text('Kunde'), currencyCode: 'EUR' } }),
  'an account': (steps) =>
    steps.ask(CreateAccountDocument, {
      input: { code: steps.text('E'), name: steps.text('Euros'), type: 'BANK', currencyCode: 'EUR' },
    }),
  'a branch': (steps) => steps.ask(CreateBranchDocument, { input: { code: '2', name: steps.text('Branch') } }),
  'a credit note': (steps) => steps.ask(CreateCreditNoteDocument, note(steps)),
  'a foreign credit note': (steps) =>
    steps.ask(CreateCreditNoteDocument, note(steps, { customerId: '2', exchangeRate: steps.amount(1) })),
  'a draft': (steps) => steps.ask(CreateCreditNoteDocument, note(steps, { open: false })),
  'its opening': (steps) => steps.ask(OpenCreditNoteDocument, { id: DRAFT }),
  'a refund': (steps) =>
    steps.ask(RefundCreditNoteDocument, {
      input: steps.refund(NOTE, 10),
      idempotencyKey: 'the-key',
      expectedRemaining: steps.amount(150),
    }),
  'the same again': (steps) =>
    steps.ask(RefundCreditNoteDocument, {
      input: steps.refund(NOTE, 10),
      idempotencyKey: 'the-key',
      expectedRemaining: steps.amount(150),
    }),
  'a foreign refund': (steps) =>
    steps.ask(RefundCreditNoteDocument, {
      input: steps.refund(EURO_NOTE, 10, { exchangeRate: steps.amount(1.07) }),
      allowUnusualRate: true,
    }),
  'two refunds at once': (steps) =>
    steps.ask(RefundCreditNotesDocument, {
      inputs: [steps.refund(NOTE, 3), steps.refund(DRAFT, 4, { branchId: '2' })],
      mode: 'ATOMIC',
      idempotencyKey: 'both',
    }),
  'those again': (steps) =>
    steps.ask(RefundCreditNotesDocument, {
      inputs: [steps.refund(NOTE, 3), steps.refund(DRAFT, 4, { branchId: '2' })],
      mode: 'ATOMIC',
      idempotencyKey: 'both',
    }),
  'a refund by REST': async (steps) => {
    const { client } = steps.books;
    const { status, json } = await client.rest(`/api/credit-notes/${NOTE}/refunds`, asRestBody(steps.refund('', 2)));
    return steps.comparable({ status, json });
  },
  'too large a refund': (steps) => steps.ask(RefundCreditNoteDocument, { input: steps.refund(NOTE, 140) }),
  'a preview': (steps) => steps.ask(PreviewRefundDocument, { input: steps.refund(NOTE, 5) }),
  'what can be refunded': (steps) => steps.ask(RefundabilityDocument, { id: EURO_NOTE }),
  'a reversal': (steps) =>
    steps.ask(ReverseRefundDocument, { input: { refundId: '1', date: '2026-02-03', reason: steps.text('Bounced') } }),
  'the same reversal': (steps) =>
    steps.ask(ReverseRefundDocument, { input: { refundId: '1', date: '2026-02-03', reason: 'Twice' } }),
  'another credit note': (steps) => steps.ask(CreateCreditNoteDocument, note(steps)),
  'its voiding': (steps) => steps.ask(VoidCreditNoteDocument, { id: VOID_NOTE, date: '2026-02-05' }),
  'a voiding that is refused': (steps) => steps.ask(VoidCreditNoteDocument, { id: NOTE }),
  'a lock date': (steps) => steps.ask(LockTransactionsDocument, { input: { lockDate: '2026-01-01', reason: steps.text('Filed') } }),
  'another lock date': (steps) =>
    steps.ask(LockTransactionsDocument, { input: { lockDate: '2026-01-31', reason: steps.text('Filed') } }),
  'no lock date': (steps) => steps.ask(UnlockTransactionsDocument, { input: { reason: steps.text('Mistake') } }),
  maintenance: async (steps) => {
    await maintain(steps.books.gateway.database.orm.em.fork(), () => undefined);
  },
  'a refund after maintenance': (steps) => steps.ask(RefundCreditNoteDocument, { input: steps.refund(NOTE, 7) }),
  'a credit note and its refunds': (steps) => steps.ask(CreditNoteDocument, { id: NOTE }),
  'one refund': (steps) => steps.ask(RefundDocument, { id: '2' }),
  'all refunds': (steps) => steps.ask(RefundsPageDocument, { first: 50 }),
  'all lists': (steps) => steps.ask(ListsDocument, {}),
  'the balances': (steps) => steps.ask(BalancesDocument, { account: steps.books.ids.bank }),
  'the balances of a day': (steps) => steps.ask(BalancesDocument, { account: steps.books.ids.bank, asOf: '2026-02-02' }),
  'the audit events': (steps) => steps.ask(AuditEventsDocument, {}),
  'the proof of the ledger': (steps) => steps.ask(LedgerHealthDocument, {}),
};

it('organizations with the same ids get the same replies as with a database of their own', async () => {
  const together = [new Steps(await shared.books({ firstId: 1 }), 1), new Steps(await shared.books({ firstId: 1 }), 3)];
  const apart = [new Steps(await alone[0].books({ firstId: 1 }), 1), new Steps(await alone[1].books({ firstId: 1 }), 3)];
  const refused: string[] = [];
  for (const [name, step] of Object.entries(STEPS)) {
    const expected = await Promise.all(apart.map(step));
    expect({ name, replies: await Promise.all(together.map(step)) }).toEqual({ name, replies: expected });
    if (JSON.stringify(expected).includes('"errors":[')) refused.push(name);
  }
  // All other steps have done their work: two equal refusals would prove nothing.
  expect(refused).toEqual(['too large a refund', 'the same reversal', 'a voiding that is refused']);
});
