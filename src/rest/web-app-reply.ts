import { type Static, Type } from '@sinclair/typebox';
import type { Actor } from '../auth/actor.js';
import { Role } from '../entities/access.js';
import { always, count, nothing, oneOf, text, yesNo } from './fields.js';

/** The views of a list of the legacy web app: its tabs. */
export const ViewReply = Type.Object({
  name: text,
  slug: text,
  roles_logic_expression: always('1'),
  roles: Type.Array(Type.Object({ index: always(1), field_key: always('status'), comparator: always('equals'), value: text })),
  columns: Type.Array(Type.Unknown(), { maxItems: 0 }),
});

/** @example viewReply('open').name // 'Open' */
export function viewReply(slug: string): Static<typeof ViewReply> {
  return {
    name: slug.charAt(0).toUpperCase() + slug.slice(1),
    slug,
    roles_logic_expression: '1',
    roles: [{ index: 1, field_key: 'status', comparator: 'equals', value: slug }],
    columns: [],
  };
}

const noFields = Type.Object({});

/** What a list of the legacy web app can be filtered by: nothing. */
export const ResourceMetaReply = Type.Object({
  resource_meta: Type.Object({ fields: noFields, fields2: noFields, columns: noFields }),
});

export const RESOURCE_META: Static<typeof ResourceMetaReply> = { resource_meta: { fields: {}, fields2: {}, columns: {} } };

const ABILITIES = ['View', 'Refund', 'Delete'] as const;
const SUBJECTS = ['CreditNote', 'Customer', 'Account'] as const;
const FEATURES = ['warehouses', 'branches', 'BankSyncing'] as const;

export const BootReply = Type.Object({
  abilities: Type.Array(Type.Object({ subject: oneOf(SUBJECTS), action: oneOf(ABILITIES) })),
  features: Type.Array(Type.Object({ name: oneOf(FEATURES), is_accessible: yesNo, default_accessible: always(false) })),
  is_bigcapital_cloud: always(false),
});

/** Returns what the legacy web app lets its user do: what the gateway does for this role, and no more. */
export function bootReply({ role }: Actor): Static<typeof BootReply> {
  const reads = SUBJECTS.map((subject) => ({ subject, action: 'View' as const }));
  const writes = (['Refund', 'Delete'] as const).map((action) => ({ subject: 'CreditNote' as const, action }));
  return {
    abilities: role === Role.VIEWER ? reads : [...reads, ...writes],
    features: FEATURES.map((name) => ({ name, is_accessible: name === 'branches', default_accessible: false })),
    is_bigcapital_cloud: false,
  };
}

export const UserReply = Type.Object({
  id: { ...count, description: 'Of the user, or 0 for an API key' },
  first_name: text,
  last_name: always(''),
  email: nothing,
  active: always(true),
  language: always('en'),
  tenant_id: always(1),
  verified: always(true),
});

/** Returns the caller as a user of the legacy web app. The gateway knows one name of it. */
export function userReply({ userId, name }: Actor): Static<typeof UserReply> {
  return {
    id: userId ?? 0,
    first_name: name,
    last_name: '',
    email: null,
    active: true,
    language: 'en',
    tenant_id: 1,
    verified: true,
  };
}

/** How people get accounts. The gateway signs nobody up. */
export const AuthMetaReply = Type.Object({ signup_disabled: always(true) });
