import { Authorized, Extensions, Mutation } from 'type-graphql';
import type { Declared } from '../services/unit-of-work/command.js';

type ReturnType = Parameters<typeof Mutation>[0];

/**
 * Publishes a command as the mutation of the same name, for those who have the command's role. The mutation is nullable: one that fails
 * takes none of the others' results with it.
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
