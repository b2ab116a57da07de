import { Type } from '@sinclair/typebox';
import { Role } from '../../entities/access.js';
import { lockReason } from '../../reads/lock-reason.js';
import {
  CurrencyReply,
  currencyReplies,
  LocksReply,
  locksReply,
  OrganizationReply,
  organizationReply,
  SETTINGS,
  SettingReply,
} from '../organization-reply.js';
import { restRoute } from '../route.js';

/** What the legacy web app reads about the organization. */
export const ORGANIZATION_ROUTES = [
  restRoute({
    method: 'GET',
    path: '/organization/current',
    operationId: 'OrganizationController_currentOrganization',
    tag: 'Organization',
    role: Role.VIEWER,
    summary: 'Retrieve the organization of the credential.',
    description: 'The ids and the subscription are constants: each client sees one organization, and nobody subscribes.',
    like: 'me.organization',
    status: 200,
    reply: OrganizationReply,
    errors: [],
    async handle({ context }) {
      return organizationReply(context.actor.organization);
    },
  }),
  restRoute({
    method: 'GET',
    path: '/currencies',
    operationId: 'CurrenciesController_findAll',
    tag: 'Currencies',
    role: Role.VIEWER,
    summary: 'Retrieve the currencies that new records may use, the base currency first.',
    like: 'currencies',
    status: 200,
    reply: Type.Array(CurrencyReply),
    errors: [],
    async handle({ context }) {
      return currencyReplies(context.actor.organization);
    },
  }),
  restRoute({
    method: 'GET',
    path: '/settings',
    operationId: 'SettingsController_getSettings',
    tag: 'Settings',
    role: Role.VIEWER,
    summary: 'Retrieve the settings that the gateway has.',
    like: 'me.organization',
    status: 200,
    reply: Type.Array(SettingReply),
    errors: [],
    async handle() {
      return [...SETTINGS];
    },
  }),
  restRoute({
    method: 'GET',
    path: '/transactions-locking',
    operationId: 'TransactionsLockingController_getTransactionLockingMetaList',
    tag: 'Transactions Locking',
    role: Role.VIEWER,
    summary: 'Retrieve the lock date and its reason.',
    like: 'me.organization.lockDate',
    status: 200,
    reply: LocksReply,
    errors: [],
    async handle({ context }) {
      const { organization } = context.actor;
      return locksReply(organization, await lockReason(context.em, organization));
    },
  }),
  restRoute({
    method: 'GET',
    path: '/warehouses',
    operationId: 'WarehousesController_getWarehouses',
    tag: 'Warehouses',
    role: Role.VIEWER,
    summary: 'Retrieve the warehouses: there are none.',
    like: 'branches',
    status: 200,
    reply: Type.Array(Type.Unknown(), { maxItems: 0 }),
    errors: [],
    async handle() {
      return [];
    },
  }),
];
