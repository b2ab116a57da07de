import { Arg, Args, Authorized, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { Context } from '../context.js';
import { Role } from '../entities/access.js';
import { Account } from '../entities/account.js';
import { Branch } from '../entities/branch.js';
import { CreditNote } from '../entities/credit-note.js';
import { JournalEntry } from '../entities/journal-entry.js';
import { Refund } from '../entities/refund.js';
import { formatAmount } from '../money.js';
import { DecimalScalar } from '../scalars.js';
import { refundCreditNote } from '../services/refund-credit-note.js';
import { IdempotencyKeyArg } from './inputs/idempotency-key.arg.js';
import { PageArgs } from './inputs/page.args.js';
import { RefundCreditNoteInput } from './inputs/refund-credit-note.input.js';
import { findById, findPage } from './reads.js';

@Resolver(() => Refund)
export class RefundResolver {
  @Authorized(Role.ACCOUNTANT)
  @Mutation(() => Refund, {
    description: "Pays back part or all of a credit note's remaining credit, and posts the journal entry for it.",
  })
  refundCreditNote(
    @Ctx() context: Context,
    @Arg('input', () => RefundCreditNoteInput, { description: 'What is to be refunded.' }) input: RefundCreditNoteInput,
    @IdempotencyKeyArg() idempotencyKey: string | null | undefined,
  ): Promise<Refund> {
    return refundCreditNote(context.em, context.actor, input, context.idempotency(idempotencyKey));
  }

  @Authorized(Role.VIEWER)
  @Query(() => Refund, { nullable: true, description: 'A refund, or null if there is none with this id.' })
  refund(@Ctx() context: Context, @Arg('id', () => ID, { description: 'Id of the refund.' }) id: string): Promise<Refund | null> {
    return findById(context, Refund, id);
  }

  @Authorized(Role.VIEWER)
  @Query(() => [Refund], { description: 'Refunds in the order of their ids.' })
  refunds(@Ctx() context: Context, @Args(() => PageArgs) page: PageArgs): Promise<Refund[]> {
    return findPage(context, Refund, page);
  }

  @FieldResolver(() => DecimalScalar, { description: "In the credit note's currency." })
  amount(@Root() refund: Refund): string {
    return formatAmount(refund.amount, refund.currencyCode);
  }

  @FieldResolver(() => DecimalScalar, {
    description:
      "Realized FX gain (positive) or loss (negative) in the base currency: the credit note's rate against the refund's.",
  })
  realizedGain(@Root() refund: Refund, @Ctx() context: Context): string {
    return formatAmount(refund.realizedGain, context.actor.organization.baseCurrency);
  }

  @FieldResolver(() => CreditNote, { description: 'The credit note that was refunded.' })
  creditNote(@Root() refund: Refund, @Ctx() context: Context): Promise<CreditNote> {
    return context.loaders.creditNote.load(refund.creditNote.id);
  }

  @FieldResolver(() => Account, { description: 'The account that the money left from.' })
  fromAccount(@Root() refund: Refund, @Ctx() context: Context): Promise<Account> {
    return context.loaders.account.load(refund.fromAccount.id);
  }

  @FieldResolver(() => Branch, { description: 'The branch that it is booked to.' })
  branch(@Root() refund: Refund, @Ctx() context: Context): Promise<Branch> {
    return context.loaders.branch.load(refund.branch.id);
  }

  @FieldResolver(() => JournalEntry, { description: 'Its posting in the books.' })
  journalEntry(@Root() refund: Refund, @Ctx() context: Context): Promise<JournalEntry> {
    return context.loaders.journalEntry.load(refund.journalEntry.id);
  }
}
