import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Args, Authorized, Ctx, FieldResolver, ID, Info, Query, Resolver } from 'type-graphql';
import { Role } from '../entities/access.js';
import { Account } from '../entities/account.js';
import { Branch } from '../entities/branch.js';
import { CreditNote } from '../entities/credit-note.js';
import { JournalEntry } from '../entities/journal-entry.js';
import { Provenance } from '../entities/provenance.js';
import { Refund, RefundStatus } from '../entities/refund.js';
import { RefundReversal } from '../entities/refund-reversal.js';
import { AddRefundReferenceInput } from '../inputs/add-refund-reference.input.js';
import { IdempotencyKeyArg } from '../inputs/idempotency-key.arg.js';
import { REFUNDS, type RefundFilter, RefundsArgs } from '../inputs/lists/refunds.list.js';
import { RefundCreditNoteInput } from '../inputs/refund-credit-note.input.js';
import { BulkMode, RefundCreditNotesArgs } from '../inputs/refund-credit-notes.args.js';
import { ReverseRefundInput } from '../inputs/reverse-refund.input.js';
import { type Connection, findConnection, type PageArguments } from '../reads/connections.js';
import { findById } from '../reads/find-one.js';
import { type MaybePromise, Reads, type Row, related } from '../reads/read-model.js';
import type { Context } from '../request/context.js';
import { addRefundReference } from '../services/refunds/add-refund-reference.js';
import { previewRefund } from '../services/refunds/preview-refund.js';
import { refundCommand, refundListCommand, refundRequest } from '../services/refunds/refund-command.js';
import { refundAllOrNone, refundEach } from '../services/refunds/refund-list.js';
import { reverseRefund } from '../services/refunds/reverse-refund.js';
import { type Big, formatAmount } from '../values/money.js';
import { DecimalScalar } from '../values/scalars.js';
import { CommandMutation } from './command-mutation.js';
import { RefundConnection } from './connection-types.js';
import { allMade, eachSettled, RefundOutcomeType } from './refund-outcome.js';
import { RefundPreviewType } from './refund-preview.js';
import { RefundReferenceType } from './refund-reference.js';

@Resolver(() => Refund)
export class RefundResolver {
  @CommandMutation(refundCommand, () => Refund, {
    description: "Refunds part or all of a credit note's remaining credit, and posts the journal entry for it.",
  })
  refundCreditNote(
    @Ctx() context: Context,
    @Arg('input', () => RefundCreditNoteInput, { description: 'The refund.' }) input: RefundCreditNoteInput,
    @IdempotencyKeyArg() idempotencyKey: string | null | undefined,
    @Arg('expectedRemaining', () => DecimalScalar, {
      nullable: true,
      description: 'Remaining credit that you saw. The refund is refused if another amount remains on the note.',
    })
    expectedRemaining: Big | null | undefined,
    @Arg('allowDuplicate', () => Boolean, {
      defaultValue: false,
      description:
        'Without an idempotency key, an equal refund within seconds of the first is refused as a possible duplicate. True allows it.',
    })
    allowDuplicate: boolean,
    @Arg('allowUnusualRate', () => Boolean, {
      defaultValue: false,
      description:
        "An exchange rate of more than twice the note's, or less than half of it, is refused as a possible mistake. True allows it.",
    })
    allowUnusualRate: boolean,
  ): Promise<Refund> {
    const idempotency = context.begin(idempotencyKey);
    const duplicateWindowSeconds = allowDuplicate ? 0 : context.config.duplicateWindowSeconds;
    const conditions = {
      idempotency,
      expectedRemaining: expectedRemaining ? [expectedRemaining] : undefined,
      duplicateWindowSeconds,
      allowUnusualRate,
    };
    return context.refunds.add(refundRequest(context.actor, input, conditions));
  }

  @CommandMutation(refundListCommand, () => [RefundOutcomeType], {
    description:
      'Makes several refunds, either all or none (ATOMIC), or each independently of the others (PER_ITEM). Returns one outcome for each ' +
      'refund, in their order. Send long lists in variables.',
  })
  async refundCreditNotes(
    @Ctx() context: Context,
    @Args(() => RefundCreditNotesArgs) { inputs, mode, allowDuplicate, allowUnusualRate }: RefundCreditNotesArgs,
    @Arg('idempotencyKey', () => String, {
      nullable: true,
      description:
        'Key of your choice for this list. Each refund gets a key of its own from it: `key#0`, `key#1` … If you send the same list again ' +
        'with the same key, the refunds that were made are returned, and those that were refused are tried again. Another list with the ' +
        'same key is refused.',
    })
    idempotencyKey: string | null | undefined,
  ): Promise<RefundOutcomeType[]> {
    const { actor } = context;
    const duplicateWindowSeconds = allowDuplicate ? 0 : context.config.duplicateWindowSeconds;
    const { whole, each } = context.beginSeveral(inputs.length, idempotencyKey);
    const requests = inputs.map((input, index) =>
      refundRequest(actor, input, { idempotency: each[index], duplicateWindowSeconds, allowUnusualRate }),
    );
    const list = { requests, idempotency: whole };
    return mode === BulkMode.ATOMIC
      ? allMade(await refundAllOrNone(context.em, actor.organization.id, list))
      : eachSettled(await refundEach(context.em, context.refunds, actor.organization.id, list), context);
  }

  @CommandMutation(reverseRefund, () => Refund, {
    description:
      "Reverses a refund: posts the mirror of its journal entry, and adds the amount to the note's remaining credit again. Nothing is " +
      'deleted. The period of the refund itself may be locked.',
  })
  reverseRefund(
    @Ctx() context: Context,
    @Arg('input', () => ReverseRefundInput, { description: 'The refund, the posting date and the reason.' })
    input: ReverseRefundInput,
    @IdempotencyKeyArg() idempotencyKey: string | null | undefined,
  ): Promise<Refund> {
    return context.execute(reverseRefund, input, idempotencyKey);
  }

  @CommandMutation(addRefundReference, () => Refund, {
    description:
      'Adds a reference to a refund, whether it is posted or reversed, unless it has this one. It leaves an audit event; the refund stays as it was made.',
  })
  addRefundReference(
    @Ctx() context: Context,
    @Arg('input', () => AddRefundReferenceInput, { description: 'The refund and the reference.' }) input: AddRefundReferenceInput,
    @IdempotencyKeyArg() idempotencyKey: string | null | undefined,
  ): Promise<Refund> {
    return context.execute(addRefundReference, input, idempotencyKey);
  }

  @Authorized(Role.VIEWER)
  @Query(() => RefundPreviewType, {
    description:
      'Previews a refund: makes it with the same checks under the same lock, and then rolls it back. Nothing is written, and no id is used up.',
  })
  async previewRefund(
    @Ctx() context: Context,
    @Arg('input', () => RefundCreditNoteInput, { description: 'The refund to preview.' }) input: RefundCreditNoteInput,
    @Arg('allowDuplicate', () => Boolean, {
      defaultValue: false,
      description: 'An equal refund within seconds of the first would be refused as a possible duplicate. True previews it anyway.',
    })
    allowDuplicate: boolean,
  ): Promise<RefundPreviewType> {
    return new RefundPreviewType(
      await previewRefund(context.em, context.actor, input, allowDuplicate ? 0 : context.config.duplicateWindowSeconds),
      context.actor.organization.baseCurrency,
    );
  }

  @Authorized(Role.VIEWER)
  @Query(() => Refund, { nullable: true, description: 'The refund with this id, or null if there is none.' })
  refund(
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Arg('id', () => ID, { description: 'Id of the refund.' }) id: string,
  ): Promise<Row<Refund> | null> {
    return findById(context, info, Refund, id);
  }

  @Authorized(Role.VIEWER)
  @Query(() => RefundConnection, { nullable: true, description: 'The refunds.' })
  refunds(
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Args(() => RefundsArgs) args: PageArguments<RefundFilter>,
  ): Promise<Connection<Refund>> {
    return findConnection(context, info, REFUNDS, args);
  }

  @FieldResolver(() => String, { description: 'Reference number, such as that of the bank transfer.' })
  referenceNo(@Reads('referenceNo') { referenceNo }: Row<Refund, 'referenceNo'>): string {
    return referenceNo ?? '';
  }

  @FieldResolver(() => String, { description: 'Purpose of the refund.' })
  description(@Reads('description') { description }: Row<Refund, 'description'>): string {
    return description ?? '';
  }

  @FieldResolver(() => DecimalScalar, { description: "Amount in the credit note's currency." })
  amount(@Reads('amount', 'currencyCode') refund: Row<Refund, 'amount' | 'currencyCode'>): string {
    return formatAmount(refund.amount, refund.currencyCode);
  }

  @FieldResolver(() => DecimalScalar, { description: 'Amount that left fromAccount, in the base currency.' })
  paidAmount(@Reads('paidAmount') refund: Row<Refund, 'paidAmount'>, @Ctx() context: Context): string {
    return formatAmount(refund.paidAmount, context.actor.organization.baseCurrency);
  }

  @FieldResolver(() => DecimalScalar, {
    description:
      "Realized FX gain (positive) or loss (negative) in the base currency, from the difference between the credit note's exchange rate " +
      "and the refund's.",
  })
  realizedGain(@Reads('realizedGain') refund: Row<Refund, 'realizedGain'>, @Ctx() context: Context): string {
    return formatAmount(refund.realizedGain, context.actor.organization.baseCurrency);
  }

  @FieldResolver(() => [RefundReferenceType], {
    description: 'The references that were added after the refund had been made, oldest first.',
  })
  async addedReferences(@Reads() refund: Row<Refund>, @Ctx() context: Context): Promise<RefundReferenceType[]> {
    return (await context.loaders.addedReferences.load(refund.id)).map((event) => new RefundReferenceType(event));
  }

  @FieldResolver(() => String, {
    description: 'Name of the user or of the API key that made the refund; Bigcapital if it was imported.',
  })
  createdBy(@Reads('provenance') refund: Row<Refund, 'provenance'>): string {
    return refund.provenance.createdBy;
  }

  @Authorized(Role.ACCOUNTANT)
  @FieldResolver(() => Provenance, {
    nullable: true,
    description: 'Origin of the refund: its author and the request. Only accountants and admins may read it.',
  })
  provenance(@Reads('provenance') refund: Row<Refund, 'provenance'>): Provenance {
    return refund.provenance;
  }

  @FieldResolver(() => RefundStatus, { description: 'State of the refund.' })
  status(@Reads('reversals') refund: Row<Refund, 'reversals'>, @Ctx() context: Context): MaybePromise<RefundStatus> {
    const { reversals } = refund;
    return reversals ? statusBy(reversals) : context.loaders.reversals.load(refund.id).then(statusBy);
  }

  @FieldResolver(() => RefundReversal, { nullable: true, description: 'The reversal; null if the refund is not reversed.' })
  reversal(
    @Reads('reversals') refund: Row<Refund, 'reversals'>,
    @Ctx() context: Context,
  ): MaybePromise<Row<RefundReversal> | null> {
    const { reversals } = refund;
    return reversals ? onlyOne(reversals) : context.loaders.reversals.load(refund.id).then(onlyOne);
  }

  @FieldResolver(() => CreditNote, { description: 'The credit note that was refunded.' })
  creditNote(@Reads('creditNote') refund: Row<Refund, 'creditNote'>, @Ctx() context: Context): MaybePromise<Row<CreditNote>> {
    return related(context.loaders.creditNote, refund.creditNote);
  }

  @FieldResolver(() => Account, { description: 'The account that the money left from.' })
  fromAccount(@Reads('fromAccount') refund: Row<Refund, 'fromAccount'>, @Ctx() context: Context): MaybePromise<Row<Account>> {
    return related(context.loaders.account, refund.fromAccount);
  }

  @FieldResolver(() => Branch, { description: 'The branch that the refund is posted to.' })
  branch(@Reads('branch') refund: Row<Refund, 'branch'>, @Ctx() context: Context): MaybePromise<Row<Branch>> {
    return related(context.loaders.branch, refund.branch);
  }

  @FieldResolver(() => JournalEntry, { description: 'The journal entry of the refund.' })
  journalEntry(
    @Reads('journalEntry') refund: Row<Refund, 'journalEntry'>,
    @Ctx() context: Context,
  ): MaybePromise<Row<JournalEntry>> {
    return related(context.loaders.journalEntry, refund.journalEntry);
  }
}

function statusBy(reversals: readonly Row<RefundReversal>[]): RefundStatus {
  return reversals.length === 0 ? RefundStatus.POSTED : RefundStatus.REVERSED;
}

function onlyOne<T>([one = null]: readonly (T | null)[]): T | null {
  return one;
}
