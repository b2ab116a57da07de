import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Args, Authorized, Ctx, FieldResolver, ID, Info, Query, Resolver } from 'type-graphql';
import { Role } from '../entities/access.js';
import { Account } from '../entities/account.js';
import { Branch } from '../entities/branch.js';
import { CreditNote } from '../entities/credit-note.js';
import { CreditNoteCancellation } from '../entities/credit-note-cancellation.js';
import { CreditNoteLine } from '../entities/credit-note-line.js';
import { CreditNoteStatus, etagOf, remainingOf, statusOf } from '../entities/credit-note-state.js';
import { Customer } from '../entities/customer.js';
import { JournalEntry } from '../entities/journal-entry.js';
import type { Refund } from '../entities/refund.js';
import { CancelRemainingInput } from '../inputs/cancel-remaining.input.js';
import { CreateCreditNoteInput } from '../inputs/create-credit-note.input.js';
import { IdempotencyKeyArg } from '../inputs/idempotency-key.arg.js';
import { CREDIT_NOTES, CreditNoteByNumberArgs, type CreditNoteFilter, CreditNotesArgs } from '../inputs/lists/credit-notes.list.js';
import { REFUNDS_OF_NOTE, type RefundFilter, RefundsOfNoteArgs } from '../inputs/lists/refunds.list.js';
import { UpdateCreditNoteInput } from '../inputs/update-credit-note.input.js';
import { type Connection, findConnection, type PageArguments } from '../reads/connections.js';
import { findById, findOne } from '../reads/find-one.js';
import { type MaybePromise, Reads, type Row, related } from '../reads/read-model.js';
import type { Context } from '../request/context.js';
import { cancelRemaining } from '../services/credit-notes/cancel-remaining.js';
import { createCreditNote } from '../services/credit-notes/create-credit-note.js';
import { openCreditNote } from '../services/credit-notes/open-credit-note.js';
import { updateCreditNote } from '../services/credit-notes/update-credit-note.js';
import { voidCreditNote } from '../services/credit-notes/void-credit-note.js';
import { refundability } from '../services/refunds/refundability.js';
import { formatAmount } from '../values/money.js';
import { DecimalScalar, PostingDateScalar } from '../values/scalars.js';
import { tidy } from '../values/text.js';
import { CommandMutation } from './command-mutation.js';
import { CreditNoteConnection, RefundConnection } from './connection-types.js';
import { RefundabilityType } from './refundability.js';

@Resolver(() => CreditNote)
export class CreditNoteResolver {
  @CommandMutation(createCreditNote, () => CreditNote, {
    description: "Records a credit note in the customer's currency, as a draft, or opened at once.",
  })
  createCreditNote(
    @Ctx() context: Context,
    @Arg('input', () => CreateCreditNoteInput, { description: 'The credit note.' }) input: CreateCreditNoteInput,
    @IdempotencyKeyArg() idempotencyKey: string | null | undefined,
  ): Promise<CreditNote> {
    return context.execute(createCreditNote, input, idempotencyKey);
  }

  @CommandMutation(updateCreditNote, () => CreditNote, {
    description:
      'Changes a draft: only the given fields. New lines replace all of its lines. An open or void credit note is refused.',
  })
  updateCreditNote(
    @Ctx() context: Context,
    @Arg('input', () => UpdateCreditNoteInput, { description: 'The draft and its changes.' }) input: UpdateCreditNoteInput,
    @IdempotencyKeyArg() idempotencyKey: string | null | undefined,
  ): Promise<CreditNote> {
    return context.execute(updateCreditNote, input, idempotencyKey);
  }

  @CommandMutation(openCreditNote, () => CreditNote, {
    description:
      'Opens a draft: debits the accounts of its lines (a negative line credits its account), and credits the receivable. After this it can be refunded.',
  })
  openCreditNote(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Id of the draft.' }) id: string,
    @IdempotencyKeyArg() idempotencyKey: string | null | undefined,
  ): Promise<CreditNote> {
    return context.execute(openCreditNote, { id }, idempotencyKey);
  }

  @CommandMutation(voidCreditNote, () => CreditNote, {
    description:
      'Voids a credit note without refunds: posts the mirror of its journal entry. For a draft, which has none, this is the deletion: the draft stays ' +
      'with the status VOID, and nothing is posted. A credit note that is applied to invoices or cancelled in part is refused.',
  })
  voidCreditNote(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Id of the credit note.' }) id: string,
    @Arg('date', () => PostingDateScalar, {
      nullable: true,
      description:
        "Posting date, not before the note's date. Default: the latest of today, the note's date and the reversals of its refunds.",
    })
    date: string | null | undefined,
    @IdempotencyKeyArg() idempotencyKey: string | null | undefined,
  ): Promise<CreditNote> {
    return context.execute(voidCreditNote, { id, date }, idempotencyKey);
  }

  @CommandMutation(cancelRemaining, () => CreditNote, {
    description:
      "Cancels what remains of an open credit note: posts an entry that mirrors the note's own entry in proportion. The note is closed then, and " +
      'nothing is deleted. If a refund of it is reversed later, its amount remains again.',
  })
  cancelRemaining(
    @Ctx() context: Context,
    @Arg('input', () => CancelRemainingInput, { description: 'The credit note, the posting date and the reason.' })
    input: CancelRemainingInput,
    @IdempotencyKeyArg() idempotencyKey: string | null | undefined,
  ): Promise<CreditNote> {
    return context.execute(cancelRemaining, input, idempotencyKey);
  }

  @Authorized(Role.VIEWER)
  @Query(() => CreditNote, { nullable: true, description: 'The credit note with this id, or null if there is none.' })
  creditNote(
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Arg('id', () => ID, { description: 'Id of the credit note.' }) id: string,
  ): Promise<Row<CreditNote> | null> {
    return findById(context, info, CreditNote, id);
  }

  @Authorized(Role.VIEWER)
  @Query(() => CreditNote, {
    nullable: true,
    description: 'The credit note with this number, whatever its case and blanks, or null if there is none.',
  })
  creditNoteByNumber(
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Args(() => CreditNoteByNumberArgs) { number }: CreditNoteByNumberArgs,
  ): Promise<Row<CreditNote> | null> {
    return findOne(context, info, CreditNote, ['number', 'reads as', tidy(number)]);
  }

  @Authorized(Role.VIEWER)
  @Query(() => CreditNoteConnection, { description: 'The credit notes.' })
  creditNotes(
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Args(() => CreditNotesArgs) args: PageArguments<CreditNoteFilter>,
  ): Promise<Connection<CreditNote>> {
    return findConnection(context, info, CREDIT_NOTES, args);
  }

  @FieldResolver(() => CreditNoteStatus, { description: 'State of the credit note.' })
  status(
    @Reads('openedAt', 'voidedAt', 'total', 'refunded', 'applied', 'cancelled')
    note: Row<CreditNote, 'openedAt' | 'voidedAt' | 'total' | 'refunded' | 'applied' | 'cancelled'>,
  ): CreditNoteStatus {
    return statusOf(note);
  }

  @FieldResolver(() => DecimalScalar, { description: "Sum of the lines, in the note's currency." })
  total(@Reads('total', 'currencyCode') note: Row<CreditNote, 'total' | 'currencyCode'>): string {
    return formatAmount(note.total, note.currencyCode);
  }

  @FieldResolver(() => DecimalScalar, { description: "Sum of the posted refunds, in the note's currency." })
  refunded(@Reads('refunded', 'currencyCode') note: Row<CreditNote, 'refunded' | 'currencyCode'>): string {
    return formatAmount(note.refunded, note.currencyCode);
  }

  @FieldResolver(() => DecimalScalar, { description: "Amount that has been applied to invoices, in the note's currency." })
  applied(@Reads('applied', 'currencyCode') note: Row<CreditNote, 'applied' | 'currencyCode'>): string {
    return formatAmount(note.applied, note.currencyCode);
  }

  @FieldResolver(() => DecimalScalar, { description: "Sum of the cancellations, in the note's currency." })
  cancelled(@Reads('cancelled', 'currencyCode') note: Row<CreditNote, 'cancelled' | 'currencyCode'>): string {
    return formatAmount(note.cancelled, note.currencyCode);
  }

  @FieldResolver(() => [CreditNoteCancellation], {
    description: 'The cancellations of remaining credit: at most 5, and nearly always at most one.',
  })
  cancellations(@Reads() note: Row<CreditNote>, @Ctx() context: Context): Promise<readonly Row<CreditNoteCancellation>[]> {
    return context.loaders.cancellations.load(note.id);
  }

  @FieldResolver(() => DecimalScalar, {
    description:
      "Remaining credit, in the note's currency: total − refunded − applied − cancelled, also of a draft or void note. What can be refunded is " +
      'refundability.maxAmount.',
  })
  remaining(
    @Reads('total', 'refunded', 'applied', 'cancelled', 'currencyCode')
    note: Row<CreditNote, 'total' | 'refunded' | 'applied' | 'cancelled' | 'currencyCode'>,
  ): string {
    return formatAmount(remainingOf(note), note.currencyCode);
  }

  @FieldResolver(() => String, { description: 'Version of the remaining credit: the value of the ETag header in REST replies.' })
  etag(
    @Reads('total', 'refunded', 'applied', 'cancelled') note: Row<CreditNote, 'total' | 'refunded' | 'applied' | 'cancelled'>,
  ): string {
    return etagOf(note);
  }

  @FieldResolver(() => Customer, { description: 'The customer who receives the credit.' })
  customer(@Reads('customer') note: Row<CreditNote, 'customer'>, @Ctx() context: Context): MaybePromise<Row<Customer>> {
    return related(context.loaders.customer, note.customer);
  }

  @FieldResolver(() => Branch, { description: 'The branch that the note is posted to.' })
  branch(@Reads('branch') note: Row<CreditNote, 'branch'>, @Ctx() context: Context): MaybePromise<Row<Branch>> {
    return related(context.loaders.branch, note.branch);
  }

  @FieldResolver(() => JournalEntry, {
    nullable: true,
    description: 'The journal entry of the opening; null if the note has not been opened.',
  })
  journalEntry(
    @Reads('journalEntry') note: Row<CreditNote, 'journalEntry'>,
    @Ctx() context: Context,
  ): MaybePromise<Row<JournalEntry>> | null {
    return note.journalEntry && related(context.loaders.journalEntry, note.journalEntry);
  }

  @FieldResolver(() => [CreditNoteLine], { description: 'The lines of the credit note.' })
  lines(@Reads('lines') note: Row<CreditNote, 'lines'>, @Ctx() context: Context): MaybePromise<readonly Row<CreditNoteLine>[]> {
    return note.lines ?? context.loaders.creditNoteLines.load(note.id);
  }

  @FieldResolver(() => RefundabilityType, {
    description: 'Whether you can refund the note today: the largest amount, the accounts, and the reasons against it.',
  })
  refundability(
    @Reads('number', 'date', 'currencyCode', 'total', 'refunded', 'applied', 'cancelled', 'openedAt', 'voidedAt')
    note: Row<
      CreditNote,
      'number' | 'date' | 'currencyCode' | 'total' | 'refunded' | 'applied' | 'cancelled' | 'openedAt' | 'voidedAt'
    >,
    @Ctx() context: Context,
  ): RefundabilityType {
    return new RefundabilityType(refundability(context.actor, note), note);
  }

  @FieldResolver(() => RefundConnection, { nullable: true, description: 'The refunds of the note.' })
  refunds(
    @Reads() note: Row<CreditNote>,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Args(() => RefundsOfNoteArgs) args: PageArguments<RefundFilter>,
  ): Promise<Connection<Refund>> {
    return context.loaders.connection(info, REFUNDS_OF_NOTE, args, note);
  }
}

@Resolver(() => CreditNoteLine)
export class CreditNoteLineResolver {
  @FieldResolver(() => DecimalScalar, { description: "Amount in the credit note's currency." })
  async amount(
    @Reads('amount', 'creditNote') line: Row<CreditNoteLine, 'amount' | 'creditNote'>,
    @Ctx() context: Context,
  ): Promise<string> {
    const { currencyCode } = await context.loaders.creditNote.load(line.creditNote.id);
    return formatAmount(line.amount, currencyCode);
  }

  @FieldResolver(() => Account, { description: 'The income or tax account that the line posts to.' })
  account(@Reads('account') line: Row<CreditNoteLine, 'account'>, @Ctx() context: Context): MaybePromise<Row<Account>> {
    return related(context.loaders.account, line.account);
  }
}
