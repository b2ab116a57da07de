import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Args, Authorized, Ctx, FieldResolver, ID, Info, Query, Resolver, Root } from 'type-graphql';
import { Role } from '../entities/access.js';
import { Account } from '../entities/account.js';
import { Branch } from '../entities/branch.js';
import { Reads } from '../entities/columns.js';
import { CreditNote } from '../entities/credit-note.js';
import { CreditNoteLine } from '../entities/credit-note-line.js';
import { Customer } from '../entities/customer.js';
import { JournalEntry } from '../entities/journal-entry.js';
import { Refund } from '../entities/refund.js';
import { CreateCreditNoteInput } from '../inputs/create-credit-note.input.js';
import { IdempotencyKeyArg } from '../inputs/idempotency-key.arg.js';
import { PageArgs } from '../inputs/page.args.js';
import { afterId, findById, findPage, related, relatedRows } from '../reads/reads.js';
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
  ): Promise<CreditNote | null> {
    return findById(context, info, CreditNote, id);
  }

  @Authorized(Role.VIEWER)
  @Query(() => [CreditNote], { description: 'Credit notes in the order of their ids.' })
  creditNotes(
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Args(() => PageArgs) page: PageArgs,
  ): Promise<CreditNote[]> {
    return findPage(context, info, CreditNote, page);
  }

  @Reads('total', 'currencyCode')
  @FieldResolver(() => DecimalScalar, { description: 'Sum of its lines, in its currency.' })
  total(@Root() note: CreditNote): string {
    return formatAmount(note.total, note.currencyCode);
  }

  @Reads('refunded', 'currencyCode')
  @FieldResolver(() => DecimalScalar, { description: 'What has been paid back, in its currency.' })
  refunded(@Root() note: CreditNote): string {
    return formatAmount(note.refunded, note.currencyCode);
  }

  @Reads('applied', 'currencyCode')
  @FieldResolver(() => DecimalScalar, { description: 'What has been applied to invoices, in its currency.' })
  applied(@Root() note: CreditNote): string {
    return formatAmount(note.applied, note.currencyCode);
  }

  @Reads('total', 'refunded', 'applied', 'currencyCode')
  @FieldResolver(() => DecimalScalar, { description: 'Remaining credit: total − refunded − applied to invoices, in its currency.' })
  remaining(@Root() note: CreditNote): string {
    return formatAmount(note.remaining, note.currencyCode);
  }

  @FieldResolver(() => Customer, { description: 'The customer that it is for.' })
  customer(@Root() note: CreditNote, @Ctx() context: Context): Customer | Promise<Customer> {
    return related(context.loaders.customer, note.customer);
  }

  @FieldResolver(() => Branch, { description: 'The branch that it is booked to.' })
  branch(@Root() note: CreditNote, @Ctx() context: Context): Branch | Promise<Branch> {
    return related(context.loaders.branch, note.branch);
  }

  @FieldResolver(() => JournalEntry, { nullable: true, description: 'Its posting in the books; null for a draft.' })
  journalEntry(@Root() note: CreditNote, @Ctx() context: Context): JournalEntry | Promise<JournalEntry> | null {
    return note.journalEntry && related(context.loaders.journalEntry, note.journalEntry);
  }

  @FieldResolver(() => [CreditNoteLine], { description: 'Its lines.' })
  lines(@Root() note: CreditNote, @Ctx() context: Context): CreditNoteLine[] | Promise<CreditNoteLine[]> {
    return relatedRows(context.loaders.creditNoteLines, note, note.lines);
  }

  @FieldResolver(() => RefundabilityType, { description: 'Whether you could refund it today, how much, from where, and why not.' })
  refundability(@Root() note: CreditNote, @Ctx() context: Context): RefundabilityType {
    return new RefundabilityType(refundability(context.actor, note), note);
  }

  @FieldResolver(() => String, { description: 'Version of what remains, as the REST replies carry it in their ETag header.' })
  etag(@Root() note: CreditNote): string {
    return note.etag;
  }

  @FieldResolver(() => [Refund], { description: 'Its refunds, in the order of their ids.' })
  refunds(@Root() note: CreditNote, @Ctx() context: Context, @Args(() => PageArgs) page: PageArgs): Promise<Refund[]> {
    return context.loaders.refunds.load({ creditNoteId: note.id, first: page.first, after: afterId(page) });
  }
}

@Resolver(() => CreditNoteLine)
export class CreditNoteLineResolver {
  @FieldResolver(() => DecimalScalar, { description: "In the credit note's currency." })
  async amount(@Root() line: CreditNoteLine, @Ctx() context: Context): Promise<string> {
    return formatAmount(line.amount, (await related(context.loaders.creditNote, line.creditNote)).currencyCode);
  }

  @FieldResolver(() => Account, { description: 'The income account that it is taken back from.' })
  account(@Root() line: CreditNoteLine, @Ctx() context: Context): Account | Promise<Account> {
    return related(context.loaders.account, line.account);
  }
}
