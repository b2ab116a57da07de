import type { ApolloServerPlugin, GraphQLRequestContextDidResolveOperation } from '@apollo/server';
import type { Context } from '../request/context.js';

/** Throws if the operation must not be executed. */
export type OperationCheck = (context: GraphQLRequestContextDidResolveOperation<Context>) => void | Promise<void>;

/** Runs the checks one after another before an operation is executed. As plugins of their own, Apollo Server would run them in parallel. */
export function operationChecks(...checks: readonly OperationCheck[]): ApolloServerPlugin<Context> {
  return {
    requestDidStart: async () => ({
      async didResolveOperation(context) {
        for (const check of checks) await check(context);
      },
    }),
  };
}
