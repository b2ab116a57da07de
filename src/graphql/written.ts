import type { ApolloServerPlugin } from '@apollo/server';
import type { GraphQLFormattedError, GraphQLSchema } from 'graphql';
import { Organization } from '../entities/organization.js';
import { Owned } from '../entities/owned.js';
import { Refund } from '../entities/refund.js';
import { rowOf } from '../reads/read-model.js';
import type { Context, Written } from '../request/context.js';
import { RefundOutcomeType } from '../resolvers/refund-outcome.js';

/** Something was done, but not all that was asked for about it could be read afterwards. */
const REPLY_INCOMPLETE = 'REPLY_INCOMPLETE';
const INCOMPLETE = 'This was done, but not all that you asked to see of it could be read; do not do it again, read it by its id';

/**
 * Keeps what each mutation of a request has done, for when reading the reply fails after that. A command returns an entity; the fields
 * below the mutation are resolved on its row, as those of a query are.
 */
export function keepWritten(schema: GraphQLSchema): GraphQLSchema {
  for (const mutation of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const { resolve } = mutation;
    if (resolve === undefined) continue;
    mutation.resolve = async (root, args, context: Context, info) => {
      const result: unknown = await resolve(root, args, context, info);
      const [first, ...more] = [result].flat().flatMap(writtenIn);
      if (first !== undefined) {
        context.written.set(String(info.path.key), { type: first.type, ids: [first, ...more].map(({ id }) => id) });
      }
      return Array.isArray(result) ? result.map(shown) : shown(result);
    };
  }
  return schema;
}

/** Says in a reply with errors what was done nevertheless. Below a mutation nothing fails before that is done. */
export const tellWritten: ApolloServerPlugin<Context> = {
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
  const { code: cause, requestId } = extensions ?? {};
  const details = { cause, ...(requestId !== undefined && { requestId }) };
  return { ...error, message: INCOMPLETE, extensions: { code: REPLY_INCOMPLETE, written, details } };
}

function shown(result: unknown): unknown {
  return result instanceof Owned ? rowOf(result) : result;
}

function writtenIn(result: unknown): { readonly type: string; readonly id: string }[] {
  if (result instanceof Organization) return [{ type: Organization.name, id: result.publicId }];
  if (result instanceof Owned) return [{ type: result.constructor.name, id: String(result.id) }];
  const refund = result instanceof RefundOutcomeType ? result.refund : null;
  return refund === null ? [] : [{ type: Refund.name, id: String(refund.id) }];
}
