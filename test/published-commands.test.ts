import { expect, it } from '@jest/globals';
import { createSchema } from '../src/graphql/schema.js';

const mutations = Object.values(createSchema().getMutationType()?.getFields() ?? {});

it.each(mutations.map((mutation) => [mutation.name, mutation] as const))(
  'the mutation %s publishes the command of the same name, and takes an idempotency key',
  (name, { extensions, args }) => {
    expect({ command: extensions.command, arguments: args.map((each) => each.name) }).toEqual({
      command: name,
      arguments: expect.arrayContaining(['idempotencyKey']),
    });
  },
);
