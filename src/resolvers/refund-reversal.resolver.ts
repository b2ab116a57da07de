import { Authorized, Ctx, FieldResolver, Resolver } from 'type-graphql';
import { Role } from '../entities/access.js';
import { JournalEntry } from '../entities/journal-entry.js';
import { Provenance } from '../entities/provenance.js';
import { Refund } from '../entities/refund.js';
import { RefundReversal } from '../entities/refund-reversal.js';
import { type MaybePromise, Reads, type Row, related } from '../reads/read-model.js';
import type { Context } from '../request/context.js';

@Resolver(() => RefundReversal)
export class RefundReversalResolver {
  @FieldResolver(() => Refund, { description: 'The refund that was reversed.' })
  refund(@Reads('refund') reversal: Row<RefundReversal, 'refund'>, @Ctx() context: Context): MaybePromise<Row<Refund>> {
    return related(context.loaders.refund, reversal.refund);
  }

  @FieldResolver(() => String, { description: 'Name of the user or of the API key that reversed the refund.' })
  createdBy(@Reads('provenance') reversal: Row<RefundReversal, 'provenance'>): string {
    return reversal.provenance.createdBy;
  }

  @Authorized(Role.ACCOUNTANT)
  @FieldResolver(() => Provenance, {
    nullable: true,
    description: 'Origin of the reversal: its author and the request. Only accountants and admins may read it.',
  })
  provenance(@Reads('provenance') reversal: Row<RefundReversal, 'provenance'>): Provenance {
    return reversal.provenance;
  }

  @FieldResolver(() => JournalEntry, { description: "The mirror entry of the refund's journal entry." })
  journalEntry(
    @Reads('journalEntry') reversal: Row<RefundReversal, 'journalEntry'>,
    @Ctx() context: Context,
  ): MaybePromise<Row<JournalEntry>> {
    return related(context.loaders.journalEntry, reversal.journalEntry);
  }
}
