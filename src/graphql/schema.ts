import 'reflect-metadata';
import { type GraphQLSchema, lexicographicSortSchema, printSchema } from 'graphql';
import { type AuthChecker, buildSchemaSync } from 'type-graphql';
import { requireRole } from '../auth/actor.js';
import { Role } from '../entities/access.js';
import type { Context } from '../request/context.js';
import { CreditNoteLineResolver, CreditNoteResolver } from '../resolvers/credit-note.resolver.js';
import { JournalEntryResolver, JournalLineResolver } from '../resolvers/journal.resolver.js';
import { LedgerResolver } from '../resolvers/ledger.resolver.js';
import { AuditEventResolver, OrganizationResolver } from '../resolvers/organization.resolver.js';
import { AccountResolver, BranchResolver, CustomerResolver } from '../resolvers/records.resolver.js';
import { RefundResolver, RefundReversalResolver } from '../resolvers/refund.resolver.js';
import { ViewerResolver } from '../resolvers/viewer.resolver.js';
import { withDirectResolvers } from './direct-resolvers.js';
import { keepWritten } from './written.js';

/** Refuses with its own errors, so that a missing credential and a missing right are told apart. */
const authorize: AuthChecker<Context, Role> = ({ context }, roles) => {
  for (const role of roles) requireRole(context.actor, role);
  return true;
};

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
      AccountResolver,
      BranchResolver,
      CustomerResolver,
      JournalEntryResolver,
      JournalLineResolver,
      ViewerResolver,
    ],
    authChecker: authorize,
    // All arguments of an operation have been validated before any of it is executed.
    validate: false,
    validateFn: (_value, _type, { context }) => (context as Context).assertArgumentsChecked(),
  });
  return keepWritten(withDirectResolvers(schema));
}

/** The schema as it is committed: in alphabetical order, so that moving code around changes nothing. */
export function printContract(schema: GraphQLSchema): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`;
}
