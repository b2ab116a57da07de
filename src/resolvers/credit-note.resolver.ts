import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Args, Authorized, Ctx, FieldResolver, ID, Info, Query, Resolver } from 'type-graphql';
import { Role } from '../entities/access.js';
import { Account } from '../entities/account.js';
import { Branch } from '../entities/branch.js';
import { CreditNote } from '../entities/credit-note.js';
import { CreditNoteLine } from '../entities/credit-note-line.js';
import { CreditNoteStatus, etagOf, remainingOf, statusOf } from '../entities/credit-note-state.js';
import { Customer } from '../entities/customer.js';
import { JournalEntry } from '../entities/journal-entry.js';
import { Refund } from '../entities/refund.js';
import { CreateCreditNoteInput } from '../inputs/create-credit-note.input.js';
import { IdempotencyKeyArg } from '../inputs/idempotency-key.arg.js';
import { PageArgs } from '../inputs/page.args.js';
import { type MaybePromise, Reads, type Row, related } from '../reads/read-model.js';
import { afterId, findById, findPage } from '../reads/reads.js';
import type { Context } from '../request/context.js';
import { createCreditNote } from '../services/credit-notes/create-credit-note.js';
import { openCreditNote } from '../services/credit-notes/open-credit-note.js';
import { voidCreditNote } from '../services/credit-notes/void-credit-note.js';
import { refundability } from '../services/refunds/refundability.js';
import { formatAmount } from '../values/money.js';
import { DecimalScalar, PostingDateScalar } from '../values/scalars.js';
import { CommandMutation } from './command-mutation.js';
import { RefundabilityType } from './refundability.js';

@Resolver(() => CreditNote)
export class CreditNoteResolver {
  @CommandMutation(createCreditNote, () => CreditNote, {
    description: "Records a credit note in the customer's currency, as a draft or open at once.",
  })
  createCreditNote(
    @Ctx() context: Context,
    @Arg('input', () => CreateCreditNoteInput, { description: 'What is to be recorded.' }) input: CreateCreditNoteInput,
    @IdempotencyKeyArg() idempotencyKey: string | null | undefined,
  ): Promise<CreditNote> {
    return context.execute(createCreditNote, input, idempotencyKey);
  }

  @CommandMutation(openCreditNote, () => CreditNote, {
    description: 'Puts a draft into the books: debits the income accounts of its lines, credits the receivable.',
  })
  openCreditNote(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Id of the draft.' }) id: string,
    @IdempotencyKeyArg() idempotencyKey: string | null | undefined,
  ): Promise<CreditNote> {
    return context.execute(openCreditNote, { id }, idempotencyKey);
  }

  @CommandMutation(voidCreditNote, () => CreditNote, {
    description: 'Takes back a credit note that has no refunds, by the mirror of its own entry.',
  })
  voidCreditNote(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Id of the credit note.' }) id: string,
    @Arg('date', () => PostingDateScalar, {
      nullable: true,
      description: "The day in the books, not before the note's own; today, or the note's own day if that is later, if absent.",
    })
    date: string | null | undefined,
    @IdempotencyKeyArg() idempotencyKey: string | null | undefined,
  ): Promise<CreditNote> {
    return context.execute(voidCreditNote, { id, date }, idempotencyKey);
  }

  @Authorized(Role.VIEWER)
  @Query(() => CreditNote, { nullable: true, description: 'A credit note, or null if there is none with this id.' })
  creditNote(
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Arg('id', () => ID, { description: 'Id of the credit note.' }) id: string,
  ): Promise<Row<CreditNote> | null> {
    return findById(context, info, CreditNote, id);
  }

  @Authorized(Role.VIEWER)
  @Query(() => [CreditNote], { description: 'Credit notes in the order of their ids.' })
  creditNotes(
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Args(() => PageArgs) page: PageArgs,
  ): Promise<Row<CreditNote>[]> {
    return findPage(context, info, CreditNote, page);
  }

  @FieldResolver(() => CreditNoteStatus, { description: 'Draft, open, closed or void.' })
  status(
    @Reads('openedAt', 'voidedAt', 'total', 'refunded', 'applied')
    note: Row<CreditNote, 'openedAt' | 'voidedAt' | 'total' | 'refunded' | 'applied'>,
  ): CreditNoteStatus {
    return statusOf(note);
  }

  @FieldResolver(() => DecimalScalar, { description: 'Sum of its lines, in its currency.' })
  total(@Reads('total', 'currencyCode') note: Row<CreditNote, 'total' | 'currencyCode'>): string {
    return formatAmount(note.total, note.currencyCode);
  }

  @FieldResolver(() => DecimalScalar, { description: 'What has been paid back, in its currency.' })
  refunded(@Reads('refunded', 'currencyCode') note: Row<CreditNote, 'refunded' | 'currencyCode'>): string {
    return formatAmount(note.refunded, note.currencyCode);
  }

  @FieldResolver(() => DecimalScalar, { description: 'What has been applied to invoices, in its currency.' })
  applied(@Reads('applied', 'currencyCode') note: Row<CreditNote, 'applied' | 'currencyCode'>): string {
    return formatAmount(note.applied, note.currencyCode);
  }

  @FieldResolver(() => DecimalScalar, { description: 'Remaining credit: total − refunded − applied to invoices, in its currency.' })
  remaining(
    @Reads('total', 'refunded', 'applied', 'currencyCode')
    note: Row<CreditNote, 'total' | 'refunded' | 'applied' | 'currencyCode'>,
  ): string {
    return formatAmount(remainingOf(note), note.currencyCode);
  }

  @FieldResolver(() => String, { description: 'Version of what remains, as the REST replies carry it in their ETag header.' })
  etag(@Reads('total', 'refunded', 'applied') note: Row<CreditNote, 'total' | 'refunded' | 'applied'>): string {
    return etagOf(note);
  }

  @FieldResolver(() => Customer, { description: 'The customer that it is for.' })
  customer(@Reads('customer') note: Row<CreditNote, 'customer'>, @Ctx() context: Context): MaybePromise<Row<Customer>> {
    return related(context.loaders.customer, note.customer);
  }

  @FieldResolver(() => Branch, { description: 'The branch that it is booked to.' })
  branch(@Reads('branch') note: Row<CreditNote, 'branch'>, @Ctx() context: Context): MaybePromise<Row<Branch>> {
    return related(context.loaders.branch, note.branch);
  }

  @FieldResolver(() => JournalEntry, { nullable: true, description: 'Its posting in the books; null for a draft.' })
  journalEntry(
    @Reads('journalEntry') note: Row<CreditNote, 'journalEntry'>,
    @Ctx() context: Context,
  ): MaybePromise<Row<JournalEntry>> | null {
    return note.journalEntry && related(context.loaders.journalEntry, note.journalEntry);
  }

  @FieldResolver(() => [CreditNoteLine], { description: 'Its lines.' })
  lines(@Reads('lines') note: Row<CreditNote, 'lines'>, @Ctx() context: Context): MaybePromise<readonly Row<CreditNoteLine>[]> {
    return note.lines ?? context.loaders.creditNoteLines.load(note.id);
  }

  @FieldResolver(() => RefundabilityType, { description: 'Whether you could refund it today, how much, from where, and why not.' })
  refundability(
    @Reads('number', 'date', 'currencyCode', 'total', 'refunded', 'applied', 'openedAt', 'voidedAt')
    note: Row<CreditNote, 'number' | 'date' | 'currencyCode' | 'total' | 'refunded' | 'applied' | 'openedAt' | 'voidedAt'>,
    @Ctx() context: Context,
  ): RefundabilityType {
    return new RefundabilityType(refundability(context.actor, note), note.currencyCode);
  }

  @FieldResolver(() => [Refund], { description: 'Its refunds, in the order of their ids.' })
  refunds(@Reads() note: Row<CreditNote>, @Ctx() context: Context, @Args(() => PageArgs) page: PageArgs): Promise<Row<Refund>[]> {
    return context.loaders.refunds.load({ owner: note.id, first: page.first, after: afterId(page) });
  }
}

@Resolver(() => CreditNoteLine)
export class CreditNoteLineResolver {
  @FieldResolver(() => DecimalScalar, { description: "In the credit note's currency." })
  async amount(
    @Reads('amount', 'creditNote') line: Row<CreditNoteLine, 'amount' | 'creditNote'>,
    @Ctx() context: Context,
  ): Promise<string> {
    const { currencyCode } = await context.loaders.creditNote.load(line.creditNote.id);
    return formatAmount(line.amount, currencyCode);
  }

  @FieldResolver(() => Account, { description: 'The income account that it is taken back from.' })
  account(@Reads('account') line: Row<CreditNoteLine, 'account'>, @Ctx() context: Context): MaybePromise<Row<Account>> {
    return related(context.loaders.account, line.account);
  }
}
