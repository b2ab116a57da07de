import { type Static, Type } from '@sinclair/typebox';
import type { Organization } from '../entities/organization.js';
import { CURRENCIES, currencyName } from '../values/currencies.js';
import type { PostingDate } from '../values/posting-date.js';
import { always, currencyCode, id, nothing, text, time, timeOrNull, yesNo } from './fields.js';
import { monthFirst, signOf } from './formats.js';

/** The legacy server numbers its organizations, their metadata and subscriptions. Here each is the only one that a client sees. */
const ONLY = 1;

const only = always(ONLY);

/** The gateway has no subscriptions. The legacy web app needs an active one. */
const Subscription = Type.Object({
  id: only,
  slug: always('main'),
  active: always(true),
  inactive: always(false),
  ended: always(false),
  canceled: always(false),
  status: always('active'),
  plan_id: only,
  tenant_id: only,
  starts_at: time,
  ends_at: nothing,
  canceled_at: nothing,
  created_at: nothing,
  updated_at: nothing,
  lemon_subscription_id: nothing,
  trial_ends_at: nothing,
  payment_status: nothing,
  on_trial: always(false),
  is_payment_failed: always(false),
  is_payment_succeed: always(false),
});

export const OrganizationReply = Type.Object({
  id: only,
  subscriptions: Type.Array(Subscription),
  metadata: Type.Object({
    id: only,
    name: text,
    industry: nothing,
    location: nothing,
    language: always('en'),
    timezone: text,
    address: nothing,
    tenant_id: only,
    base_currency: currencyCode,
    date_format: always('MM/DD/YYYY'),
    fiscal_year: always('january'),
    tax_number: nothing,
    primary_color: nothing,
    logo_key: nothing,
  }),
  organization_id: text,
  under_maintenance_since: timeOrNull,
  initialized_at: time,
  seeded_at: time,
  built_at: time,
  build_job_id: nothing,
  database_batch: nothing,
  upgrade_job_id: nothing,
  created_at: nothing,
  updated_at: nothing,
  is_ready: always(true),
  is_build_running: always(false),
  is_upgrade_running: always(false),
});

export function organizationReply(organization: Organization): Static<typeof OrganizationReply> {
  const { publicId, name, timeZone, baseCurrency, createdAt, frozenAt } = organization;
  const since = createdAt.toISOString();
  return {
    id: ONLY,
    subscriptions: [
      {
        ...{
          id: ONLY,
          slug: 'main',
          active: true,
          inactive: false,
          ended: false,
          canceled: false,
          status: 'active',
          plan_id: ONLY,
        },
        ...{ tenant_id: ONLY, starts_at: since, ends_at: null, canceled_at: null, created_at: null, updated_at: null },
        ...{ lemon_subscription_id: null, trial_ends_at: null, payment_status: null },
        ...{ on_trial: false, is_payment_failed: false, is_payment_succeed: false },
      },
    ],
    metadata: {
      ...{ id: ONLY, name, industry: null, location: null, language: 'en', timezone: timeZone, address: null, tenant_id: ONLY },
      ...{ base_currency: baseCurrency, date_format: 'MM/DD/YYYY', fiscal_year: 'january' },
      ...{ tax_number: null, primary_color: null, logo_key: null },
    },
    organization_id: publicId,
    under_maintenance_since: frozenAt?.toISOString() ?? null,
    ...{ initialized_at: since, seeded_at: since, built_at: since, build_job_id: null, database_batch: null, upgrade_job_id: null },
    ...{ created_at: null, updated_at: null, is_ready: true, is_build_running: false, is_upgrade_running: false },
  } as const;
}

export const CurrencyReply = Type.Object({
  id,
  currency_name: text,
  currency_code: currencyCode,
  currency_sign: text,
  created_at: nothing,
  updated_at: nothing,
  is_base_currency: yesNo,
});

/** The currencies that new records may use, by their codes. */
const CURRENT = [...CURRENCIES].flatMap(([code, { current }]) => (current ? [code] : [])).sort();

/** The currency of the books comes first. */
export function currencyReplies({ baseCurrency }: Organization): Static<typeof CurrencyReply>[] {
  return [baseCurrency, ...CURRENT.filter((code) => code !== baseCurrency)].map((code) => ({
    id: numberOf(code),
    currency_name: currencyName(code),
    currency_code: code,
    currency_sign: signOf(code, 'symbol'),
    created_at: null,
    updated_at: null,
    is_base_currency: code === baseCurrency,
  }));
}

/** Returns the number that the letters of the code make: the legacy server has ids, ISO 4217 has codes. */
function numberOf(code: string): number {
  return [...code].reduce((number, letter) => number * 26 + letter.charCodeAt(0) - 65, 0) + 1;
}

export const SettingReply = Type.Object({ key: text, value: Type.Union([text, yesNo]), group: text });

/** The legacy server's settings that the gateway has: it decides all of them by itself. */
export const SETTINGS: readonly Static<typeof SettingReply>[] = [
  { key: 'accounting_basis', value: 'accrual', group: 'organization' },
  { key: 'account_code_unique', value: true, group: 'accounts' },
  { key: 'number_prefix', value: 'CN-', group: 'credit_note' },
  { key: 'auto_increment', value: true, group: 'credit_note' },
];

const LockReply = Type.Object({
  module: text,
  description: text,
  is_enabled: Type.Unsafe<true | null>({ enum: [true, null] }),
  lock_to_date: Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date' }),
  unlock_from_date: nothing,
  unlock_to_date: nothing,
  is_partial_unlock: always(false),
  lock_reason: text,
  unlock_reason: text,
  partial_unlock_reason: text,
  formatted_module: text,
  formatted_lock_to_date: text,
  formatted_unlock_from_date: text,
  formatted_unlock_to_date: text,
});

export const LocksReply = Type.Object({
  all: LockReply,
  modules: Type.Array(LockReply),
  locking_type: Type.Unsafe<'all' | 'partial'>({ enum: ['all', 'partial'] }),
});

const MODULES = [
  ['sales', 'Sales', 'Sale invoices, Receipts, credit notes, customers payment receive and customers opening balances.'],
  ['purchases', 'Purchases', 'Purchase invoices, vendors payments, vendor credit notes and vendors opening balances.'],
  ['financial', 'Financial', 'Manual journal, expenses and inventory adjustments.'],
] as const;

/** The lock date is one for all books. The legacy server can also lock each of its modules. */
export function locksReply({ lockDate }: Organization, reason: string): Static<typeof LocksReply> {
  const unlocked: Omit<Static<typeof LockReply>, 'module' | 'description' | 'formatted_module'> = {
    ...{ is_enabled: null, lock_to_date: null, unlock_from_date: null, unlock_to_date: null, is_partial_unlock: false },
    ...{ lock_reason: '', unlock_reason: '', partial_unlock_reason: '' },
    ...{ formatted_lock_to_date: '', formatted_unlock_from_date: '', formatted_unlock_to_date: '' },
  };
  const all = { module: 'all', description: '', ...unlocked, formatted_module: 'All transactions' };
  const locked = (date: PostingDate) => ({
    is_enabled: true as const,
    lock_to_date: date,
    formatted_lock_to_date: monthFirst(date),
  });
  return {
    all: lockDate === null ? { ...all, unlock_reason: reason } : { ...all, ...locked(lockDate), lock_reason: reason },
    modules: MODULES.map(([module, name, description]) => ({ module, description, ...unlocked, formatted_module: name })),
    locking_type: lockDate === null ? 'partial' : 'all',
  };
}
