import type { ApolloServerPlugin } from '@apollo/server';
import type { GraphQLFormattedError, GraphQLSchema } from 'graphql';
import { Organization } from '../entities/organization.js';
import { Owned } from '../entities/owned.js';
import { Refund } from '../entities/refund.js';
import type { PublishedCode } from '../error-codes.js';
import { rowOf } from '../reads/read-model.js';
import type { Context, Written } from '../request/context.js';
import { RefundOutcomeType } from '../resolvers/refund-outcome.js';

/** The mutation was committed, but its result could not be read completely. */
const REPLY_INCOMPLETE: PublishedCode = 'REPLY_INCOMPLETE';
const INCOMPLETE =
  'The mutation was done, but its result could not be read completely; do not repeat it, read the result by its id';

/**
 * Records what each mutation of a request has written, in case reading its result fails. A command returns an entity; the fields below the
 * mutation are resolved on its row, like those of a query.
 */
export function recordWritten(schema: GraphQLSchema): GraphQLSchema {
  for (const mutation of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const { resolve } = mutation;
    if (resolve === undefined) continue;
    mutation.resolve = async (root, args, context: Context, info) => {
      const result: unknown = await resolve(root, args, context, info);
      const [first, ...more] = [result].flat().flatMap(writtenIn);
      if (first !== undefined) {
        context.written.set(String(info.path.key), { type: first.type, ids: [first, ...more].map(({ id }) => id) });
      }
      return Array.isArray(result) ? result.map(asRow) : asRow(result);
    };
  }
  return schema;
}

/** Adds to a reply with errors what its mutations have written. An error below a mutation occurs only after the mutation's commit. */
export const reportWritten: ApolloServerPlugin<Context> = {
  async requestDidStart() {
    return {
      async willSendResponse({ response, contextValue: { written } }) {
        if (response.body.kind !== 'single' || written.size === 0) return;
        const { singleResult } = response.body;
        if (singleResult.errors === undefined) return;
        singleResult.errors = singleResult.errors.map((error) => {
          const [root, ...below] = error.path ?? [];
          const done = written.get(String(root));
          return below.length === 0 || done === undefined ? error : incomplete(error, done);
        });
        singleResult.extensions = { ...singleResult.extensions, written: Object.fromEntries(written) };
      },
    };
  },
};

function incomplete({ extensions, ...error }: GraphQLFormattedError, written: Written): GraphQLFormattedError {
  return { ...error, message: INCOMPLETE, extensions: { code: REPLY_INCOMPLETE, written, details: { cause: extensions?.code } } };
}

function asRow(result: unknown): unknown {
  return result instanceof Owned ? rowOf(result) : result;
}

function writtenIn(result: unknown): { readonly type: string; readonly id: string }[] {
  if (result instanceof Organization) return [{ type: Organization.name, id: result.publicId }];
  if (result instanceof Owned) return [{ type: result.constructor.name, id: String(result.id) }];
  const refund = result instanceof RefundOutcomeType ? result.refund : null;
  return refund === null ? [] : [{ type: Refund.name, id: String(refund.id) }];
}
