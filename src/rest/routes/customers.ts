import { Type } from '@sinclair/typebox';
import { Role } from '../../entities/access.js';
import { Customer } from '../../entities/customer.js';
import { CustomerNotFound } from '../../errors.js';
import { CustomerFilter, CUSTOMERS as SEARCHED } from '../../inputs/lists/records.lists.js';
import type { WholeRow } from '../../reads/read-model.js';
import type { Context } from '../../request/context.js';
import { CustomerItem, customerItem } from '../customer-reply.js';
import { FilterMeta, searchedAs } from '../list-choices.js';
import { inactiveParameter, listed, one, Pagination, whetherActive } from '../listing.js';
import { CUSTOMERS, type Listing } from '../paging.js';
import { CUSTOMER, costOfOne } from '../read-costs.js';
import { restRoute } from '../route.js';

const LISTING: Listing = {
  sizes: CUSTOMERS,
  cost: CUSTOMER,
  searchedAs: searchedAs(SEARCHED, CustomerFilter),
  orders: { display_name: 'displayName' },
  hasTotal: true,
};

export const CUSTOMER_ROUTES = [
  restRoute({
    method: 'GET',
    path: '/customers',
    operationId: 'CustomersController_getCustomers',
    tag: 'Customers',
    role: Role.VIEWER,
    summary: 'Retrieve a page of the active customers, by id.',
    like: 'customers',
    status: 200,
    parameters: [inactiveParameter('inactiveMode')],
    list: LISTING,
    reply: Type.Object({ customers: Type.Array(CustomerItem), pagination: Pagination, filter_meta: FilterMeta }),
    errors: ['BAD_USER_INPUT', 'TOO_MANY_MATCHES'],
    async handle(call) {
      const { rows, pagination, filter_meta } = await listed(call, Customer, [whetherActive(call, 'inactiveMode')], LISTING);
      const customers = await Promise.all(rows.map((customer) => customerWithBalance(call.context, customer)));
      return { customers, pagination, filter_meta };
    },
  }),
  restRoute({
    method: 'GET',
    path: '/customers/:id',
    operationId: 'CustomersController_getCustomer',
    tag: 'Customers',
    role: Role.VIEWER,
    summary: 'Retrieve the customer.',
    like: 'customer',
    status: 200,
    reply: CustomerItem,
    errors: ['CUSTOMER_NOT_FOUND'],
    notFound: (id) => new CustomerNotFound(id, 'id'),
    cost: costOfOne(CUSTOMER),
    async handle({ context, id, numericId }) {
      const customer = await one(context, Customer, [['id', '=', numericId]]);
      if (customer === undefined) throw new CustomerNotFound(id, 'id');
      return customerWithBalance(context, customer);
    },
  }),
];

async function customerWithBalance({ loaders, actor }: Context, customer: WholeRow<Customer>) {
  return customerItem(customer, await loaders.customerTurnover.load(customer.id), actor.organization.baseCurrency);
}
