import { Type } from '@sinclair/typebox';
import { DomainError } from '../../domain-error.js';
import { Role } from '../../entities/access.js';
import { CreditNote } from '../../entities/credit-note.js';
import { CreditNoteStatus, etagOf } from '../../entities/credit-note-state.js';
import { CreditNoteIsVoid, CreditNoteNotFound } from '../../errors.js';
import { CreditNoteFilter, CREDIT_NOTES as SEARCHED } from '../../inputs/lists/credit-notes.list.js';
import type { WholeRow } from '../../reads/read-model.js';
import type { Context } from '../../request/context.js';
import { voidCreditNote } from '../../services/credit-notes/void-credit-note.js';
import { branchReply } from '../branch-reply.js';
import { CreditNoteItem, creditNoteItem, OneCreditNote } from '../credit-note-reply.js';
import { customerReply } from '../customer-reply.js';
import { nothing } from '../fields.js';
import { FilterMeta, searchedAs } from '../list-choices.js';
import { listed, one, Pagination } from '../listing.js';
import { CREDIT_NOTES, type Listing } from '../paging.js';
import { CREDIT_NOTE, costOfOne, ONE_CREDIT_NOTE } from '../read-costs.js';
import { DELETION, restRoute } from '../route.js';

/** A void note is gone for these clients. */
const NOT_VOID = [CreditNoteStatus.DRAFT, CreditNoteStatus.OPEN, CreditNoteStatus.CLOSED];

export const NOTES = {
  sizes: CREDIT_NOTES,
  cost: CREDIT_NOTE,
  lines: 'lines',
  views: {
    draft: [['storedStatus', '=', CreditNoteStatus.DRAFT]],
    published: [['storedStatus', 'in', [CreditNoteStatus.OPEN, CreditNoteStatus.CLOSED]]],
    open: [['storedStatus', '=', CreditNoteStatus.OPEN]],
    closed: [['storedStatus', '=', CreditNoteStatus.CLOSED]],
  },
  searchedAs: searchedAs(SEARCHED, CreditNoteFilter),
  orders: { credit_date: 'date', credit_number: 'number', amount: 'total' },
  hasTotal: true,
} as const satisfies Listing;

export const CREDIT_NOTE_ROUTES = [
  restRoute({
    method: 'GET',
    path: '/credit-notes',
    operationId: 'CreditNotesController_getCreditNotes',
    tag: 'Credit Notes',
    role: Role.VIEWER,
    summary: 'Retrieve a page of the credit notes that are not void, by id.',
    like: 'creditNotes',
    status: 200,
    list: NOTES,
    reply: Type.Object({ pagination: Pagination, credit_notes: Type.Array(CreditNoteItem), filter_meta: FilterMeta }),
    errors: ['BAD_USER_INPUT', 'TOO_MANY_MATCHES'],
    async handle(call) {
      const { rows, pagination, filter_meta } = await listed(call, CreditNote, [['storedStatus', 'in', NOT_VOID]], NOTES);
      return { pagination, credit_notes: await Promise.all(rows.map((note) => noteWithParts(call.context, note))), filter_meta };
    },
  }),
  restRoute({
    method: 'GET',
    path: '/credit-notes/state',
    operationId: 'CreditNotesController_getCreditNoteState',
    tag: 'Credit Notes',
    role: Role.VIEWER,
    summary: 'Retrieve the template that credit notes are printed by: there is none.',
    like: 'creditNotes',
    status: 200,
    reply: Type.Object({ default_template_id: nothing }),
    errors: [],
    async handle() {
      return { default_template_id: null };
    },
  }),
  restRoute({
    method: 'GET',
    path: '/credit-notes/:creditNoteId',
    operationId: 'CreditNotesController_getCreditNote',
    tag: 'Credit Notes',
    role: Role.VIEWER,
    summary: 'Retrieve the credit note, unless it is void.',
    like: 'creditNote',
    status: 200,
    reply: OneCreditNote,
    errors: ['CREDIT_NOTE_NOT_FOUND'],
    notFound: (id) => new CreditNoteNotFound(id),
    cost: ONE_CREDIT_NOTE,
    async handle({ context, reply, id, numericId }) {
      const note = await noteUnlessVoid(context, numericId);
      if (note === undefined) throw new CreditNoteNotFound(id);
      const [item, branch] = await Promise.all([noteWithParts(context, note), context.loaders.branch.load(note.branch.id)]);
      reply.header('etag', etagOf(note));
      return { ...item, branch: branchReply(branch), attachments: [] };
    },
  }),
  restRoute({
    ...DELETION,
    path: '/credit-notes/:creditNoteId',
    operationId: 'CreditNotesController_deleteCreditNote',
    tag: 'Credit Notes',
    role: voidCreditNote.role,
    summary: 'Void the credit note, which has no refunds; 404 if it is void.',
    description: 'Nothing is deleted: the mirror entry of the note is posted.',
    like: 'voidCreditNote',
    errors: [
      'BAD_USER_INPUT',
      'CREDIT_NOTE_NOT_FOUND',
      'CREDIT_NOTE_HAS_REFUNDS_TRANSACTIONS',
      'TRANSACTIONS_DATE_LOCKED',
      'DATE_TOO_FAR_AHEAD',
      'IDEMPOTENCY_KEY_REUSED',
      'ORGANIZATION_MOVING',
    ],
    notFound: (id) => new CreditNoteNotFound(id),
    async handle({ context, id, precondition }) {
      try {
        await context.execute(voidCreditNote, { id }, undefined, precondition);
      } catch (error) {
        // For these clients a void note is gone.
        if (error instanceof CreditNoteIsVoid) throw new CreditNoteNotFound(id);
        // The command has another name for the id in the path.
        if (error instanceof DomainError && error.field === 'id') error.field = 'creditNoteId';
        throw error;
      }
      return undefined;
    },
  }),
  restRoute({
    method: 'GET',
    path: '/credit-notes/:creditNoteId/applied-invoices',
    operationId: 'CreditNotesApplyInvoiceController_getCreditNoteAssociatedAppliedInvoices',
    tag: 'Credit Notes',
    role: Role.VIEWER,
    summary: 'Retrieve the invoices that the credit note was applied to: the gateway has no invoices.',
    like: 'creditNote',
    status: 200,
    reply: Type.Array(Type.Unknown(), { maxItems: 0 }),
    errors: ['CREDIT_NOTE_NOT_FOUND'],
    notFound: (id) => new CreditNoteNotFound(id),
    cost: costOfOne(CREDIT_NOTE),
    async handle({ context, id, numericId }) {
      const note = await noteUnlessVoid(context, numericId);
      if (note === undefined) throw new CreditNoteNotFound(id);
      return [];
    },
  }),
];

/** Reads the credit note of this id; `undefined` if it is unknown or void. */
export function noteUnlessVoid(context: Context, id: number): Promise<WholeRow<CreditNote> | undefined> {
  return one(context, CreditNote, [['id', '=', id] as const, ['storedStatus', 'in', NOT_VOID] as const]);
}

async function noteWithParts({ loaders, actor }: Context, note: WholeRow<CreditNote>) {
  const customerId = note.customer.id;
  const [lines, customer, turnover] = await Promise.all([
    loaders.creditNoteLines.load(note.id),
    loaders.customer.load(customerId),
    loaders.customerTurnover.load(customerId),
  ]);
  const withAccounts = lines.map(async (line) => ({ line, account: await loaders.account.load(line.account.id) }));
  return creditNoteItem(note, await Promise.all(withAccounts), customerReply(customer, turnover), actor.organization.baseCurrency);
}
