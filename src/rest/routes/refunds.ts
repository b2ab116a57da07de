import { type Static, Type } from '@sinclair/typebox';
import { Refusals } from '../../domain-error.js';
import { Role } from '../../entities/access.js';
import { etagOf } from '../../entities/credit-note-state.js';
import { Refund } from '../../entities/refund.js';
import { CreditNoteNotFound, RefundAlreadyReversed, RefundNotFound } from '../../errors.js';
import { type MaybePromise, type Row, related, relatedTo, type WholeRow } from '../../reads/read-model.js';
import { readRelations } from '../../reads/refund-relations.js';
import { Columns } from '../../reads/rows.js';
import type { Context } from '../../request/context.js';
import { refundCommand, refundRequest } from '../../services/refunds/refund-command.js';
import { reverseRefund } from '../../services/refunds/reverse-refund.js';
import { cut, MAX_QUOTED } from '../../values/text.js';
import { accountReply } from '../account-reply.js';
import { creditNoteReply } from '../credit-note-reply.js';
import { expectedRemaining } from '../etag.js';
import { listed, one } from '../listing.js';
import { CREDENTIAL_PARAMETERS } from '../openapi/headers.js';
import { type Listing, REFUNDS } from '../paging.js';
import { costOfOne, REFUND } from '../read-costs.js';
import { RefundItem, RefundReply, refundItem, refundReply } from '../refund-reply.js';
import { REFUND_BODY, readRefundRequest } from '../refund-request.js';
import { type Call, DELETION, restRoute } from '../route.js';
import { textOfList } from '../text-of-list.js';

const TAG = 'Credit Note Refunds';

/** The id of a note, whichever: the fields of a refund can be checked without one. */
const ANY_NOTE = '1';

const REFUNDS_OF_NOTE: Listing = { sizes: REFUNDS, cost: REFUND };

const COLUMNS = new Columns(
  'creditNote',
  'fromAccount',
  'branch',
  'amount',
  'currencyCode',
  'exchangeRate',
  'referenceNo',
  'description',
  'date',
  'createdAt',
);

type ListedRefund = Row<Refund, typeof COLUMNS extends Columns<infer K> ? K : never>;

export const REFUND_ROUTES = [
  restRoute({
    method: 'POST',
    path: '/credit-notes/:creditNoteId/refunds',
    operationId: 'CreditNoteRefundsController_createRefundCreditNote',
    tag: TAG,
    role: refundCommand.role,
    summary: 'Create a refund for the given credit note.',
    like: 'refundCreditNote',
    status: 201,
    parameters: [...CREDENTIAL_PARAMETERS, { name: 'creditNoteId', required: true, in: 'path', schema: { type: 'number' } }],
    requestHeaders: ['Idempotency-Key', 'If-Match', 'If-None-Match', 'Allow-Duplicate', 'Allow-Unusual-Rate'],
    body: REFUND_BODY,
    replyHeaders: ['Location', 'ETag', 'Idempotency-Replayed'],
    reply: RefundReply,
    errors: [
      'BAD_USER_INPUT',
      'CREDIT_NOTE_NOT_FOUND',
      'CREDIT_NOTE_IS_DRAFT',
      'CREDIT_NOTE_IS_VOID',
      'CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT',
      'CREDIT_NOTE_CHANGED',
      'AMOUNT_PRECISION',
      'AMOUNT_NOT_POSITIVE',
      'AMOUNT_TOO_LARGE',
      'EXCHANGE_RATE_INVALID',
      'EXCHANGE_RATE_UNUSUAL',
      'ACCOUNT_NOT_FOUND',
      'ACCOUNT_INACTIVE',
      'ACCOUNT_INVALID_TYPE',
      'ACCOUNT_CURRENCY_INVALID',
      'BRANCH_ID_NOT_FOUND',
      'BRANCH_INACTIVE',
      'DATE_BEFORE_CREDIT_NOTE',
      'DATE_TOO_FAR_AHEAD',
      'TRANSACTIONS_DATE_LOCKED',
      'POSSIBLE_DUPLICATE_REFUND',
      'IDEMPOTENCY_KEY_REUSED',
      'ORGANIZATION_MOVING',
    ],
    handle: makeRefund,
  }),
  restRoute({
    method: 'GET',
    path: '/credit-notes/:creditNoteId/refunds',
    operationId: 'CreditNoteRefundsController_getCreditNoteRefunds',
    tag: TAG,
    role: Role.VIEWER,
    summary: 'Retrieve the refunds of the credit note that are not reversed, by id; an empty list for an unknown note.',
    description: 'An id that is none, such as 0 or abc, is that of an unknown note, too.',
    like: 'creditNote.refunds',
    status: 200,
    list: REFUNDS_OF_NOTE,
    reply: Type.Array(RefundItem),
    write: (refunds) => textOfList(refunds, ['from_account', 'credit_note']),
    errors: ['BAD_USER_INPUT'],
    async handle(call) {
      const where = [['creditNote', '=', call.numericId] as const, ['reversals', 'none'] as const];
      const { rows } = await listed(call, Refund, where, REFUNDS_OF_NOTE, COLUMNS);
      return refundItems(call.context, rows);
    },
  }),
  restRoute({
    method: 'GET',
    path: '/credit-notes/refunds/:refundId',
    operationId: 'CreditNoteRefundsController_getRefundCreditNoteTransaction',
    tag: TAG,
    role: Role.VIEWER,
    summary: 'Retrieve the refund, unless it is reversed.',
    like: 'refund',
    status: 200,
    reply: RefundItem,
    errors: ['REFUND_CREDIT_NOTE_NOT_FOUND'],
    notFound: (id) => new RefundNotFound(id),
    cost: costOfOne(REFUND),
    async handle({ context, id, numericId }) {
      const refund = await refundUnlessReversed(context, numericId);
      if (refund === undefined) throw new RefundNotFound(id);
      const [item] = await refundItems(context, [refund]);
      return item as Static<typeof RefundItem>;
    },
  }),
  restRoute({
    ...DELETION,
    path: '/credit-notes/refunds/:refundId',
    operationId: 'CreditNoteRefundsController_deleteRefundCreditNote',
    tag: TAG,
    role: reverseRefund.role,
    summary: 'Reverse the refund, today or on the first open day; 404 if it is reversed.',
    like: 'reverseRefund',
    errors: [
      'BAD_USER_INPUT',
      'REFUND_CREDIT_NOTE_NOT_FOUND',
      'DATE_TOO_FAR_AHEAD',
      'IDEMPOTENCY_KEY_REUSED',
      'ORGANIZATION_MOVING',
    ],
    notFound: (id) => new RefundNotFound(id),
    async handle({ context, id, precondition }) {
      try {
        await context.execute(reverseRefund, { refundId: id, reason: 'Deleted over REST' }, undefined, precondition);
      } catch (error) {
        // For these clients a reversed refund is gone.
        throw error instanceof RefundAlreadyReversed ? new RefundNotFound(id) : error;
      }
      return undefined;
    },
  }),
];

/** Reads the refund of this id; `undefined` if it is unknown or reversed. */
export function refundUnlessReversed(context: Context, id: number): Promise<WholeRow<Refund> | undefined> {
  return one(context, Refund, [['id', '=', id] as const, ['reversals', 'none'] as const]);
}

async function makeRefund({ context, request, reply, id, numericId }: Call) {
  // The body and the idempotency key do not depend on each other, so that the caller sees all that is malformed at once.
  const refusals = new Refusals();
  const contract = context.actor.organization.restContract ?? context.config.restContract;
  // The legacy server checks the fields first. An id that is none belongs to no note, and is no wrong field of the body.
  const input = refusals.check(() => readRefundRequest(numericId === 0 ? ANY_NOTE : id, request.body, contract));
  const idempotency = refusals.check(() => context.begin());
  if (refusals.any || input === undefined) throw refusals.all();
  if (numericId === 0) throw new CreditNoteNotFound(cut(id, MAX_QUOTED));
  const conditions = {
    idempotency,
    expectedRemaining: expectedRemaining(request.headers['if-match'], id),
    duplicateWindowSeconds: request.headers['allow-duplicate'] === 'true' ? 0 : context.config.duplicateWindowSeconds,
    allowUnusualRate: request.headers['allow-unusual-rate'] === 'true',
  };
  const refund = await context.refunds.add(refundRequest(context.actor, input, conditions));
  const creditNote = await valueOrNull(related(context.loaders.creditNote, relatedTo(refund.creditNote)), context.log);
  if (creditNote !== null) reply.header('etag', etagOf(creditNote));
  reply.header('location', `/api/credit-notes/refunds/${refund.id}`);
  return refundReply(refund);
}

/** Returns the refunds with their accounts and their credit notes. Refunds with the same ones have the same objects. */
async function refundItems({ em, actor: { organization } }: Context, refunds: readonly ListedRefund[]) {
  const { accounts, creditNotes } = await readRelations(em, organization, refunds);
  const accountOf = new Map(accounts.map(({ account, turnover }) => [account.id, accountReply(account, turnover)]));
  const noteOf = new Map(creditNotes.map((note) => [note.id, creditNoteReply(note, organization.baseCurrency)]));
  return refunds.map((refund) => {
    const [account, note] = [accountOf.get(refund.fromAccount.id), noteOf.get(refund.creditNote.id)];
    if (account === undefined || note === undefined) throw new Error(`refund ${refund.id} has no account or no credit note`);
    return refundItem(refund, account, note);
  });
}

/** Returns `null` if the value cannot be read: the refund has been posted, and a missing header must not make it look refused. */
async function valueOrNull<T>(value: MaybePromise<T>, log: Context['log']): Promise<T | null> {
  try {
    return await value;
  } catch (error) {
    log.failedRead(error);
    return null;
  }
}
