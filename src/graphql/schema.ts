import 'reflect-metadata';
import { type GraphQLSchema, lexicographicSortSchema, OperationTypeNode, printSchema } from 'graphql';
import { type AuthChecker, buildSchemaSync } from 'type-graphql';
import { requireRole } from '../auth/actor.js';
import { Role } from '../entities/access.js';
import type { Context } from '../request/context.js';
import { CreditNoteLineResolver, CreditNoteResolver } from '../resolvers/credit-note.resolver.js';
import { CreditNoteCancellationResolver } from '../resolvers/credit-note-cancellation.resolver.js';
import {
  AccountCurrencyResolver,
  CreditNoteCurrencyResolver,
  CurrencyResolver,
  CustomerCurrencyResolver,
  JournalLineCurrencyResolver,
  OrganizationCurrencyResolver,
  RefundCurrencyResolver,
} from '../resolvers/currency.resolver.js';
import { JournalEntryResolver, JournalLineResolver } from '../resolvers/journal.resolver.js';
import { LedgerResolver } from '../resolvers/ledger.resolver.js';
import { NodeResolver } from '../resolvers/node.resolver.js';
import { AuditEventResolver, OrganizationResolver } from '../resolvers/organization.resolver.js';
import { AccountResolver, BranchResolver, CustomerResolver } from '../resolvers/records.resolver.js';
import { RefundResolver } from '../resolvers/refund.resolver.js';
import { RefundReversalResolver } from '../resolvers/refund-reversal.resolver.js';
import { RestUsageResolver } from '../resolvers/rest-usage.resolver.js';
import { ViewerResolver } from '../resolvers/viewer.resolver.js';
import { withDirectResolvers } from './direct-resolvers.js';
import { withNodeIds } from './node-ids.js';
import { recordWritten } from './written.js';

/** Throws our own refusals, which distinguish a missing credential from a missing role. */
const authorize: AuthChecker<Context, Role> = ({ context }, roles) => {
  for (const role of roles) requireRole(context.actor, role);
  return true;
};

/** TypeGraphQL has no way to describe the root types. */
const ROOTS = [
  [OperationTypeNode.QUERY, "Reads the organization's books. Nothing here writes."],
  [
    OperationTypeNode.MUTATION,
    'Commands. Each runs in a transaction of its own, in the order of the document, and takes an idempotency key for safe retries.',
  ],
] as const;

/** Returns the executable schema of all resolvers. */
export function createSchema(): GraphQLSchema {
  const schema = buildSchemaSync({
    resolvers: [
      RefundResolver,
      RefundReversalResolver,
      LedgerResolver,
      OrganizationResolver,
      AuditEventResolver,
      CreditNoteResolver,
      CreditNoteLineResolver,
      CreditNoteCancellationResolver,
      AccountResolver,
      BranchResolver,
      CustomerResolver,
      JournalEntryResolver,
      JournalLineResolver,
      AccountCurrencyResolver,
      CreditNoteCurrencyResolver,
      CurrencyResolver,
      CustomerCurrencyResolver,
      JournalLineCurrencyResolver,
      OrganizationCurrencyResolver,
      RefundCurrencyResolver,
      NodeResolver,
      RestUsageResolver,
      ViewerResolver,
    ],
    authChecker: authorize,
    // `argumentCheck` validates all arguments before an operation is executed. TypeGraphQL only asserts that this has happened.
    validate: false,
    validateFn: (_value, _type, { context }) => (context as Context).assertArgumentsChecked(),
  });
  for (const [root, description] of ROOTS) Object.assign(schema.getRootType(root) ?? {}, { description });
  for (const [name, specification] of SPECIFICATIONS) Object.assign(schema.getType(name) ?? {}, specification);
  return recordWritten(withNodeIds(withDirectResolvers(schema)));
}

/** The specifications and descriptions of scalars that libraries define. */
const SPECIFICATIONS = [
  [
    'DateTimeISO',
    {
      specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time.html',
      description:
        'A time, as a date-time of RFC 3339: "2021-01-31T23:30:00.000Z". Replies are in UTC. Requests may have another offset.',
    },
  ],
  [
    'JSONObject',
    {
      specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc8259#section-4',
      description: 'An object of JSON, with names that the schema does not know.',
    },
  ],
] as const;

/** Returns the text of schema.graphql. It is in alphabetical order, so that moved code does not change it. */
export function printContract(schema: GraphQLSchema): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`;
}
