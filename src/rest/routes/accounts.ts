import { Type } from '@sinclair/typebox';
import { Role } from '../../entities/access.js';
import { Account } from '../../entities/account.js';
import { parseId } from '../../entities/owned.js';
import { AccountNotFound, InvalidInput } from '../../errors.js';
import { latestLines } from '../../reads/account-lines.js';
import type { WholeRow } from '../../reads/read-model.js';
import type { Context } from '../../request/context.js';
import { cut, MAX_QUOTED } from '../../values/text.js';
import { AccountItem, accountItem } from '../account-reply.js';
import { AccountTransaction, accountTransaction, MAX_LINES } from '../account-transaction-reply.js';
import { always } from '../fields.js';
import { FILTER, FilterMeta, inactiveParameter, type Listing, listed, one, whetherActive } from '../listing.js';
import { RECORDS } from '../paging.js';
import { ACCOUNT, costOfOne, LINE } from '../read-costs.js';
import { restRoute } from '../route.js';

const ACCOUNTS: Listing = { sizes: RECORDS, cost: ACCOUNT };

/** An account as the list of accounts has it. */
export const ListedAccount = Type.Object({
  ...AccountItem.properties,
  children: Type.Array(Type.Unknown(), { maxItems: 0 }),
  account_level: always(1),
});

export const ACCOUNT_ROUTES = [
  restRoute({
    method: 'GET',
    path: '/accounts',
    operationId: 'AccountsController_getAccounts',
    tag: 'Accounts',
    role: Role.VIEWER,
    summary: 'Retrieve the active accounts, by id.',
    like: 'accounts',
    status: 200,
    parameters: [inactiveParameter('onlyInactive')],
    pages: ACCOUNTS.sizes,
    reply: Type.Object({ accounts: Type.Array(ListedAccount), filter_meta: FilterMeta }),
    errors: ['BAD_USER_INPUT'],
    async handle(call) {
      const { rows } = await listed(call, Account, [whetherActive(call, 'onlyInactive')], ACCOUNTS);
      const items = await Promise.all(rows.map((account) => accountWithBalance(call.context, account)));
      return { accounts: items.map((item) => ({ ...item, children: [], account_level: 1 as const })), ...FILTER };
    },
  }),
  restRoute({
    method: 'GET',
    path: '/accounts/:id',
    operationId: 'AccountsController_getAccount',
    tag: 'Accounts',
    role: Role.VIEWER,
    summary: 'Retrieve the account.',
    like: 'account',
    status: 200,
    reply: AccountItem,
    errors: ['ACCOUNT_NOT_FOUND'],
    notFound: (id) => new AccountNotFound(id, 'id'),
    cost: costOfOne(ACCOUNT),
    async handle({ context, id, key }) {
      const account = await one(context, Account, [['id', '=', key]]);
      if (account === undefined) throw new AccountNotFound(id, 'id');
      return accountWithBalance(context, account);
    },
  }),
  restRoute({
    method: 'GET',
    path: '/accounts/transactions',
    operationId: 'AccountsController_getAccountTransactions',
    tag: 'Accounts',
    role: Role.VIEWER,
    summary: 'Retrieve the latest 50 lines of the account that `account_id` names.',
    like: 'account.lines',
    status: 200,
    parameters: [
      {
        name: 'account_id',
        in: 'query',
        description: '`accountId` is the same.',
        required: true,
        schema: { type: 'integer', minimum: 1 },
      },
    ],
    reply: Type.Array(AccountTransaction),
    errors: ['BAD_USER_INPUT', 'ACCOUNT_NOT_FOUND'],
    cost: costOfOne(MAX_LINES * LINE),
    async handle({ context, request }) {
      const id = readAccountId(request.query as Readonly<Record<string, unknown>>);
      const key = parseId(id);
      const account = key === null ? undefined : await one(context, Account, [['id', '=', key]]);
      if (account === undefined) throw new AccountNotFound(cut(id, MAX_QUOTED), 'account_id');
      const { organization } = context.actor;
      const lines = await latestLines(context.em, organization.id, account.id, MAX_LINES);
      return lines.map((line) => accountTransaction(line, organization.baseCurrency));
    },
  }),
];

/** @throws {InvalidInput} if the query string names no account, or several */
function readAccountId({ accountId, account_id: value = accountId }: Readonly<Record<string, unknown>>): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new InvalidInput([{ field: 'account_id', constraints: { isId: 'account_id must be an id: a positive integer' }, value }]);
}

async function accountWithBalance({ loaders, actor }: Context, account: WholeRow<Account>) {
  const turnover = await loaders.turnover.load({ accountId: account.id, asOf: null });
  return accountItem(account, turnover, actor.organization.baseCurrency);
}
