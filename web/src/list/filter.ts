import type { CreditNoteFilter, CreditNoteStatus } from '../generated/documents.js';

/** The filter as the address has it, so that a list can be shared and found again. */
export interface ListFilter {
  readonly status: CreditNoteStatus | 'ALL';
  readonly search: string;
  readonly customer: string | null;
  readonly currency: string | null;
}

const STATUSES: readonly string[] = ['OPEN', 'CLOSED', 'DRAFT', 'VOID', 'ALL'] satisfies ListFilter['status'][];

/** The desk opens with the notes that can be refunded. */
const DEFAULT_STATUS = 'OPEN';

export function filterOf(search: URLSearchParams): ListFilter {
  const status = search.get('status') ?? DEFAULT_STATUS;
  return {
    status: isStatus(status) ? status : DEFAULT_STATUS,
    search: search.get('search') ?? '',
    customer: search.get('customer'),
    currency: search.get('currency'),
  };
}

export function addressOf({ status, search, customer, currency }: ListFilter): string {
  const parts = new URLSearchParams();
  if (status !== DEFAULT_STATUS) parts.set('status', status);
  if (search !== '') parts.set('search', search);
  if (customer !== null) parts.set('customer', customer);
  if (currency !== null) parts.set('currency', currency);
  return parts.size === 0 ? '' : `?${parts}`;
}

/** Returns the filter as the API wants it. */
export function toInput({ status, search, customer, currency }: ListFilter): CreditNoteFilter {
  return {
    ...(status !== 'ALL' && { status: [status] }),
    ...(isSearchable(search) && { search: search.trim() }),
    ...(customer !== null && { customerId: customer }),
    ...(currency !== null && { currencyCode: currency }),
  };
}

/** The API searches for at least two characters. */
export function isSearchable(search: string): boolean {
  return search.trim().length >= 2;
}

export function isStatus(text: string): text is ListFilter['status'] {
  return STATUSES.includes(text);
}
