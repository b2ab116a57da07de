import { Account } from '../src/entities/account.js';
import type { CreditNote } from '../src/entities/credit-note.js';
import type { Customer } from '../src/entities/customer.js';
import type { Refund } from '../src/entities/refund.js';
import type { Filters } from '../src/reads/filters.js';
import { Reads, type Row, type WholeRow } from '../src/reads/read-model.js';
import { findPage } from '../src/reads/reads.js';
import type { Big } from '../src/values/money.js';

/**
 * Mistakes about the read model do not compile. Each `@ts-expect-error` is one of them: `tsc` fails if it compiles after all.
 * Nobody imports this file.
 */
export class Mistakes {
  readsWhatIsDeclared(@Reads('total', 'currencyCode') note: Row<CreditNote, 'total' | 'currencyCode'>): string {
    return `${note.id} ${note.total} ${note.currencyCode}`;
  }

  readsMoreThanItsRowHas(@Reads('total') note: Row<CreditNote, 'total'>): Big {
    // @ts-expect-error refunded is not among the columns of the row
    return note.refunded;
  }

  // @ts-expect-error the row has a column that is not declared
  readsMoreThanItDeclares(@Reads('total') note: Row<CreditNote, 'total' | 'refunded'>): Big {
    return note.refunded;
  }

  // @ts-expect-error a declared column is not in the row's type, and would be read in vain
  declaresMoreThanItReads(@Reads('total', 'refunded') note: Row<CreditNote, 'total'>): Big {
    return note.total;
  }

  // @ts-expect-error an entity is no row
  takesAnEntity(@Reads('total') note: CreditNote): Big {
    return note.remaining;
  }

  // @ts-expect-error there is no such column
  readsWhatThereIsNot(@Reads('totl') note: Row<CreditNote, 'totl'>): unknown {
    return note;
  }

  readsAGetter(
    // @ts-expect-error a getter is no column
    @Reads('remaining') note: Row<CreditNote, 'remaining'>,
  ): unknown {
    return note;
  }

  rows(note: WholeRow<CreditNote>, customer: Row<Customer>, entity: CreditNote): unknown {
    // @ts-expect-error a row cannot be changed
    note.number = 'CN-1';
    return [
      // @ts-expect-error a row has no methods
      note.assertDraft(),
      // @ts-expect-error nor getters
      note.remaining,
      // @ts-expect-error a to-many relation may not have been selected
      note.lines.length,
      // @ts-expect-error and is never a collection
      note.lines?.getItems(),
      note.lines?.map(({ id }) => id),
      // @ts-expect-error a to-one relation may be a reference, or hold other columns
      note.customer.displayName,
      note.customer.id,
      // @ts-expect-error only the id of this row is known to have been read
      customer.displayName,
      // @ts-expect-error an entity is no row
      entity satisfies Row<CreditNote>,
      // @ts-expect-error nor is a row of something else
      note satisfies Row<Refund>,
      note satisfies Row<CreditNote, 'total'>,
    ];
  }

  filters(context: Parameters<typeof findPage>[0], info: Parameters<typeof findPage>[1]): unknown {
    const page = { first: 1 };
    // @ts-expect-error the filter has no column
    const missing: Filters<Account, { code?: string; active?: boolean }> = { code: ['code', '='] };
    return [
      missing,
      findPage(context, info, Account, page, [['active', '=', true]]),
      // @ts-expect-error there is no such column
      findPage(context, info, Account, page, [['activ', '=', true]]),
      // @ts-expect-error there is no such operator
      findPage(context, info, Account, page, [['active', '~', true]]),
    ];
  }
}
