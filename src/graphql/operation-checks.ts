import type { ApolloServerPlugin, GraphQLRequestContextDidResolveOperation } from '@apollo/server';
import type { Context } from '../request/context.js';

/** Throws if the operation is not to be executed. */
export type OperationCheck = (context: GraphQLRequestContextDidResolveOperation<Context>) => void | Promise<void>;

/** Checks an operation before anything of it runs. Each check may rely on those before it: Apollo Server would run them at once. */
export function operationChecks(...checks: readonly OperationCheck[]): ApolloServerPlugin<Context> {
  return {
    requestDidStart: async () => ({
      async didResolveOperation(context) {
        for (const check of checks) await check(context);
      },
    }),
  };
}
