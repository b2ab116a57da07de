import type { EntityManager } from '@mikro-orm/postgresql';
import type { Actor } from '../../auth/actor.js';
import { Account } from '../../entities/account.js';
import { INCOME_TYPES } from '../../entities/account-type.js';
import { Branch } from '../../entities/branch.js';
import { CreditNote } from '../../entities/credit-note.js';
import { Customer } from '../../entities/customer.js';
import type { Organization } from '../../entities/organization.js';
import { AccountNotFound, BranchNotFound, CurrencyNotFound, CustomerNotFound, ExchangeRateInvalid } from '../../errors.js';
import { Big, isCurrency } from '../../values/money.js';
import { tidy } from '../../values/text.js';
import { findOwned } from '../unit-of-work/find-owned.js';
import type { Idempotency } from '../unit-of-work/idempotency.js';
import { inUnitOfWork } from '../unit-of-work/unit-of-work.js';
import { putIntoBooks } from './open-credit-note.js';

export interface CreateCreditNote {
  /** Absent: the organization's next free number. */
  readonly number?: string | null | undefined;
  readonly customerId: string;
  /** Absent: the primary branch. */
  readonly branchId?: string | null | undefined;
  readonly date: string;
  /** Absent: 1, which only a note in the base currency may have. */
  readonly exchangeRate?: Big | null | undefined;
  readonly lines: readonly { readonly accountId: string; readonly description: string; readonly amount: Big }[];
  readonly referenceNo: string;
  readonly note: string;
  readonly open: boolean;
}

/**
 * Records a credit note in the customer's currency, as a draft or open at once.
 *
 * @throws {CustomerNotFound}
 * @throws {BranchNotFound}
 * @throws {AccountNotFound}
 * @throws {AccountInactive}
 * @throws {AccountInvalidType} if a line's account is no income account
 * @throws {AccountCurrencyInvalid} if a line's account is not held in the base currency
 * @throws {CurrencyNotFound} if the customer's currency was withdrawn
 * @throws {ExchangeRateInvalid}
 * @throws {AmountNotPositive}
 * @throws {AmountPrecision}
 * @throws {AmountTooLarge}
 * @throws {DateTooFarAhead}
 * @throws {TransactionsDateLocked} if it is to be opened and the books are locked on its date
 * @throws {CreditNoteNumberNotUnique}
 */
export function createCreditNote(
  em: EntityManager,
  actor: Actor,
  command: CreateCreditNote,
  idempotency?: Idempotency,
): Promise<CreditNote> {
  const number = command.number && tidy(command.number);
  const fields = { ...command, number };
  return inUnitOfWork(
    em,
    actor,
    { operation: 'createCreditNote', fields, result: CreditNote, idempotency },
    async (em, organization) => {
      const customer = await findOwned(em, Customer, organization, command.customerId);
      if (customer === null) throw new CustomerNotFound(command.customerId);
      const { currencyCode } = customer;
      if (currencyCode !== organization.baseCurrency && !isCurrency(currencyCode)) throw new CurrencyNotFound(currencyCode);
      if (!command.exchangeRate && currencyCode !== organization.baseCurrency) {
        throw new ExchangeRateInvalid(`exchangeRate is required: the customer's currency is ${currencyCode}`);
      }

      const date = organization.postingDate(command.date);
      organization.assertNotTooFarAhead(date, actor.postingDaysAhead);
      const creditNote = new CreditNote(organization, {
        number: await numberOf(em, organization, number),
        customer,
        branch: await branchOrPrimary(em, organization, command.branchId),
        date,
        currencyCode,
        exchangeRate: command.exchangeRate ?? Big('1'),
        lines: await linesOf(em, organization, command.lines),
        referenceNo: command.referenceNo,
        note: command.note,
        createdBy: actor.name,
      });
      em.persist(creditNote);
      if (command.open) await putIntoBooks(em, actor, creditNote, 'date');
      return creditNote;
    },
  );
}

async function branchOrPrimary(em: EntityManager, organization: Organization, id: string | null | undefined): Promise<Branch> {
  if (!id) return em.findOneOrFail(Branch, { organization, isPrimary: true });
  const branch = await findOwned(em, Branch, organization, id);
  if (branch === null) throw new BranchNotFound(id);
  return branch;
}

async function linesOf(em: EntityManager, organization: Organization, lines: CreateCreditNote['lines']) {
  const resolved: { account: Account; description: string; amount: Big }[] = [];
  for (const [index, { accountId, description, amount }] of lines.entries()) {
    const field = `lines.${index}.accountId`;
    const account = await findOwned(em, Account, organization, accountId);
    if (account === null) throw new AccountNotFound(accountId, field);
    account.assertUsable(INCOME_TYPES, [organization.baseCurrency], field);
    resolved.push({ account, description, amount });
  }
  return resolved;
}

/**
 * The chosen number, or else the next one that nobody chose by hand. Callers wait for one another, so that none gets the
 * number that another is just taking.
 */
async function numberOf(em: EntityManager, organization: Organization, chosen: string | null | undefined): Promise<string> {
  for (;;) {
    const [row] = await em.execute<{ taken: string }[]>(
      `insert into credit_note_counters as counter (organization_id, next) values (?, ?)
       on conflict (organization_id) do update set next = counter.next + ? returning next - 1 as taken`,
      chosen ? [organization.id, 1, 0] : [organization.id, 2, 1],
    );
    if (chosen) return chosen;
    const number = `CN-${String(row?.taken).padStart(5, '0')}`;
    const [taken] = await em.execute('select from credit_notes where organization_id = ? and as_read(number) = as_read(?)', [
      organization.id,
      number,
    ]);
    if (taken === undefined) return number;
  }
}
