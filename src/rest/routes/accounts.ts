import { Type } from '@sinclair/typebox';
import { Role } from '../../entities/access.js';
import { Account } from '../../entities/account.js';
import { MAX_ID } from '../../entities/owned.js';
import { AccountNotFound } from '../../errors.js';
import { AccountFilter, ACCOUNTS as SEARCHED } from '../../inputs/lists/records.lists.js';
import { latestLines } from '../../reads/account-lines.js';
import type { WholeRow } from '../../reads/read-model.js';
import type { Context } from '../../request/context.js';
import { AccountItem, AccountTypeReply, accountItem, accountTypeReplies } from '../account-reply.js';
import { AccountTransaction, accountTransaction, LINES } from '../account-transaction-reply.js';
import { always } from '../fields.js';
import { FilterMeta, searchedAs } from '../list-choices.js';
import { inactiveParameter, listed, one, whetherActive } from '../listing.js';
import { type Listing, RECORDS } from '../paging.js';
import { QueryNumbers } from '../query-numbers.js';
import { ACCOUNT, costOfOne, LINE } from '../read-costs.js';
import { restRoute } from '../route.js';

const ACCOUNTS: Listing = {
  sizes: RECORDS,
  cost: ACCOUNT,
  searchedAs: searchedAs(SEARCHED, AccountFilter),
  orders: { name: 'name', code: 'code' },
};

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
    list: ACCOUNTS,
    reply: Type.Object({ accounts: Type.Array(ListedAccount), filter_meta: FilterMeta }),
    errors: ['BAD_USER_INPUT', 'TOO_MANY_MATCHES'],
    async handle(call) {
      const { rows, filter_meta } = await listed(call, Account, [whetherActive(call, 'onlyInactive')], ACCOUNTS);
      const items = await Promise.all(rows.map((account) => accountWithBalance(call.context, account)));
      return { accounts: items.map((item) => ({ ...item, children: [], account_level: 1 as const })), filter_meta };
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
    async handle({ context, id, numericId }) {
      const account = await one(context, Account, [['id', '=', numericId]]);
      if (account === undefined) throw new AccountNotFound(id, 'id');
      return accountWithBalance(context, account);
    },
  }),
  restRoute({
    method: 'GET',
    path: '/accounts/types',
    operationId: 'AccountsController_getAccountTypes',
    tag: 'Accounts',
    role: Role.VIEWER,
    summary: 'Retrieve the types of accounts.',
    like: 'account.type',
    status: 200,
    reply: Type.Array(AccountTypeReply),
    errors: [],
    async handle() {
      return accountTypeReplies();
    },
  }),
  restRoute({
    method: 'GET',
    path: '/accounts/transactions',
    operationId: 'AccountsController_getAccountTransactions',
    tag: 'Accounts',
    role: Role.VIEWER,
    summary: 'Retrieve the latest lines of the account that `account_id` names, or of all accounts.',
    like: 'account.lines',
    status: 200,
    parameters: [
      { name: 'account_id', in: 'query', description: '`accountId` is the same.', schema: { type: 'integer', minimum: 1 } },
      { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: LINES.max, default: LINES.usual } },
    ],
    reply: Type.Array(AccountTransaction),
    errors: ['BAD_USER_INPUT', 'ACCOUNT_NOT_FOUND'],
    async handle({ context, request, admit }) {
      const numbers = new QueryNumbers(request.query);
      const [id, limit = LINES.usual] = [numbers.read('account_id', MAX_ID), numbers.read('limit', LINES.max)];
      numbers.assertRight();
      await admit(costOfOne(limit * LINE));
      if (id !== undefined && (await one(context, Account, [['id', '=', id]])) === undefined) {
        throw new AccountNotFound(String(id), 'account_id');
      }
      const { organization } = context.actor;
      const lines = await latestLines(context.em, organization.id, id ?? null, limit);
      return lines.map((line) => accountTransaction(line, organization.baseCurrency));
    },
  }),
];

async function accountWithBalance({ loaders, actor }: Context, account: WholeRow<Account>) {
  const turnover = await loaders.turnover.load({ accountId: account.id, asOf: null });
  return accountItem(account, turnover, actor.organization.baseCurrency);
}
