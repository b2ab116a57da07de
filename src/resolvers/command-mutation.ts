import { Authorized, Extensions, Mutation } from 'type-graphql';
import type { Declared } from '../services/unit-of-work/command.js';

type ReturnType = Parameters<typeof Mutation>[0];

/**
 * Publishes a command as the mutation of the same name, and requires the command's role. The mutation is nullable, so that an error in one mutation
 * of a document does not remove the results of the others.
 *
 * @example
 * @CommandMutation(createBranch, () => Branch, { description: 'Adds a branch.' })
 * createBranch(…): Promise<Branch> {
 *   return context.execute(createBranch, input, idempotencyKey);
 * }
 */
export function CommandMutation<Name extends string>(
  { name, role }: Declared<Name>,
  type: ReturnType,
  { description }: { readonly description: string },
): (resolver: object, method: Name, descriptor: PropertyDescriptor) => void {
  return (resolver, method, descriptor) => {
    Mutation(type, { nullable: true, description })(resolver, method, descriptor);
    Authorized(role)(resolver, method, descriptor);
    Extensions({ command: name })(resolver, method, descriptor);
  };
}
