import { Authorized, Ctx, FieldResolver, Resolver } from 'type-graphql';
import { Role } from '../entities/access.js';
import { CreditNote } from '../entities/credit-note.js';
import { CreditNoteCancellation } from '../entities/credit-note-cancellation.js';
import { JournalEntry } from '../entities/journal-entry.js';
import { Provenance } from '../entities/provenance.js';
import { type MaybePromise, Reads, type Row, related } from '../reads/read-model.js';
import type { Context } from '../request/context.js';
import { formatAmount } from '../values/money.js';
import { DecimalScalar } from '../values/scalars.js';

@Resolver(() => CreditNoteCancellation)
export class CreditNoteCancellationResolver {
  @FieldResolver(() => DecimalScalar, { description: "Cancelled amount in the credit note's currency." })
  async amount(
    @Reads('amount', 'creditNote') cancellation: Row<CreditNoteCancellation, 'amount' | 'creditNote'>,
    @Ctx() context: Context,
  ): Promise<string> {
    const { currencyCode } = await context.loaders.creditNote.load(cancellation.creditNote.id);
    return formatAmount(cancellation.amount, currencyCode);
  }

  @FieldResolver(() => CreditNote, { description: 'The credit note whose remaining credit was cancelled.' })
  creditNote(
    @Reads('creditNote') cancellation: Row<CreditNoteCancellation, 'creditNote'>,
    @Ctx() context: Context,
  ): MaybePromise<Row<CreditNote>> {
    return related(context.loaders.creditNote, cancellation.creditNote);
  }

  @FieldResolver(() => String, { description: 'Name of the user or of the API key that cancelled the remaining credit.' })
  createdBy(@Reads('provenance') cancellation: Row<CreditNoteCancellation, 'provenance'>): string {
    return cancellation.provenance.createdBy;
  }

  @Authorized(Role.ACCOUNTANT)
  @FieldResolver(() => Provenance, {
    nullable: true,
    description: 'Origin of the cancellation: its author and the request. Only accountants and admins may read it.',
  })
  provenance(@Reads('provenance') cancellation: Row<CreditNoteCancellation, 'provenance'>): Provenance {
    return cancellation.provenance;
  }

  @FieldResolver(() => JournalEntry, { description: 'The journal entry of the cancellation.' })
  journalEntry(
    @Reads('journalEntry') cancellation: Row<CreditNoteCancellation, 'journalEntry'>,
    @Ctx() context: Context,
  ): MaybePromise<Row<JournalEntry>> {
    return related(context.loaders.journalEntry, cancellation.journalEntry);
  }
}
