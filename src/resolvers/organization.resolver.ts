import type { GraphQLResolveInfo } from 'graphql';
import { GraphQLJSONObject } from 'graphql-scalars';
import { Arg, Args, Authorized, Ctx, FieldResolver, Info, Query, Resolver } from 'type-graphql';
import { Role } from '../entities/access.js';
import { AuditEvent } from '../entities/audit-event.js';
import { Organization } from '../entities/organization.js';
import { RestContract } from '../entities/rest-contract.js';
import { IdempotencyKeyArg } from '../inputs/idempotency-key.arg.js';
import { AUDIT_EVENTS, type AuditEventFilter, AuditEventsArgs } from '../inputs/lists/audit-events.list.js';
import { LockTransactionsInput, UnlockTransactionsInput } from '../inputs/lock-transactions.input.js';
import { UpdateOrganizationInput } from '../inputs/update-organization.input.js';
import { type Connection, findConnection, type PageArguments } from '../reads/connections.js';
import { Reads, type Row } from '../reads/read-model.js';
import type { Context } from '../request/context.js';
import { lockTransactions, unlockTransactions } from '../services/ledger/lock-transactions.js';
import { updateOrganization } from '../services/organizations/update-organization.js';
import { CommandMutation } from './command-mutation.js';
import { AuditEventConnection } from './connection-types.js';

@Resolver(() => Organization)
export class OrganizationResolver {
  @CommandMutation(updateOrganization, () => Organization, {
    description: 'Changes the name, the time zone and the settings of the organization. Its base currency never changes.',
  })
  updateOrganization(
    @Ctx() context: Context,
    @Arg('input', () => UpdateOrganizationInput, { description: 'The new values.' }) input: UpdateOrganizationInput,
    @IdempotencyKeyArg() idempotencyKey: string | null | undefined,
  ): Promise<Organization> {
    return context.execute(updateOrganization, input, idempotencyKey);
  }

  @CommandMutation(lockTransactions, () => Organization, {
    description: 'Locks the books up to and including a day. Waits for running commands.',
  })
  lockTransactions(
    @Ctx() context: Context,
    @Arg('input', () => LockTransactionsInput, { description: 'The new lock date and the reason.' }) input: LockTransactionsInput,
    @IdempotencyKeyArg() idempotencyKey: string | null | undefined,
  ): Promise<Organization> {
    return context.execute(lockTransactions, input, idempotencyKey);
  }

  @CommandMutation(unlockTransactions, () => Organization, {
    description: 'Unlocks the books after a day, or completely. Waits for running commands.',
  })
  unlockTransactions(
    @Ctx() context: Context,
    @Arg('input', () => UnlockTransactionsInput, { description: 'The new lock date, if any, and the reason.' })
    input: UnlockTransactionsInput,
    @IdempotencyKeyArg() idempotencyKey: string | null | undefined,
  ): Promise<Organization> {
    return context.execute(unlockTransactions, input, idempotencyKey);
  }

  @FieldResolver(() => RestContract, {
    description:
      'What the body of a refund over REST may be: what the organization has chosen, or else what the gateway is configured for.',
  })
  restContractInForce(
    @Reads('restContract') { restContract }: Pick<Organization, 'restContract'>,
    @Ctx() { config }: Context,
  ): RestContract {
    return restContract ?? config.restContract;
  }

  @Authorized(Role.ADMIN)
  @Query(() => AuditEventConnection, {
    nullable: true,
    description: 'Changes of the organization and its records, of API keys, members, roles and the lock date.',
  })
  auditEvents(
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Args(() => AuditEventsArgs) args: PageArguments<AuditEventFilter>,
  ): Promise<Connection<AuditEvent>> {
    return findConnection(context, info, AUDIT_EVENTS, args);
  }
}

@Resolver(() => AuditEvent)
export class AuditEventResolver {
  @FieldResolver(() => GraphQLJSONObject, { description: 'Details of the change. Their values are texts.' })
  details(@Reads('details') event: Row<AuditEvent, 'details'>): AuditEvent['details'] {
    return event.details;
  }
}
