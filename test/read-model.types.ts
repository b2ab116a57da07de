import { Account } from '../src/entities/account.js';
import type { CreditNote } from '../src/entities/credit-note.js';
import type { Customer } from '../src/entities/customer.js';
import type { Refund } from '../src/entities/refund.js';
import { pagedList, within } from '../src/reads/connections.js';
import type { Filters } from '../src/reads/filters.js';
import { Reads, type Row, type WholeRow } from '../src/reads/read-model.js';
import type { Big } from '../src/values/money.js';

/**
 * Mistakes in the use of read models do not compile. Each `@ts-expect-error` marks one; `tsc` fails if it compiles.
 * No file imports this one.
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

  // @ts-expect-error a declared column is not in the row's type, so that nothing could use it
  declaresMoreThanItReads(@Reads('total', 'refunded') note: Row<CreditNote, 'total'>): Big {
    return note.total;
  }

  // @ts-expect-error an entity is no row
  takesAnEntity(@Reads('total') note: CreditNote): Big {
    return note.remaining;
  }

  // @ts-expect-error the entity has no column of that name
  readsAnUnknownColumn(@Reads('totl') note: Row<CreditNote, 'totl'>): unknown {
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
      // @ts-expect-error a row has no getters
      note.remaining,
      // @ts-expect-error a to-many relation may not have been selected
      note.lines.length,
      // @ts-expect-error a to-many relation of a row is an array, not a collection
      note.lines?.getItems(),
      note.lines?.map(({ id }) => id),
      // @ts-expect-error a to-one relation may be a reference, or hold other columns
      note.customer.displayName,
      note.customer.id,
      // @ts-expect-error this row has only its id
      customer.displayName,
      // @ts-expect-error an entity is no row
      entity satisfies Row<CreditNote>,
      // @ts-expect-error a row of another entity is no row of this one
      note satisfies Row<Refund>,
      note satisfies Row<CreditNote, 'total'>,
    ];
  }

  lists(): unknown {
    // @ts-expect-error the filter has no column for one of its fields
    const missing: Filters<Account, { code?: string; active?: boolean }> = { code: ['code', '='] };
    return [
      missing,
      { active: ['active', '='] } satisfies Filters<Account, { active?: boolean }>,
      { customerId: ['creditNote.customer', '='] } satisfies Filters<Refund, { customerId?: string }>,
      // @ts-expect-error the entity has no column of that name
      { active: ['activ', '='] } satisfies Filters<Account, { active?: boolean }>,
      // @ts-expect-error the related entity has no column of that name
      { customerId: ['creditNote.costumer', '='] } satisfies Filters<Refund, { customerId?: string }>,
      // @ts-expect-error the operator is unknown
      { active: ['active', '~'] } satisfies Filters<Account, { active?: boolean }>,
      pagedList<Account, object>('accounts', Account, {
        // @ts-expect-error the entity has no column of that name
        orders: { CODE: { by: 'code', column: 'kode', type: 'text' } },
        filters: {},
      }),
      // @ts-expect-error a list is divided by a to-one relation only
      within('x', pagedList<Account, object>('accounts', Account, { orders: {}, filters: {} }), 'name'),
    ];
  }
}
