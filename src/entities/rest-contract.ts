import { registerEnumType } from 'type-graphql';

/**
 * What the body of a refund over REST may be: exactly what the legacy API documents, or also what its server was observed to take, for its web app and
 * older programs.
 */
export const RestContract = { DOCUMENTED: 'documented', OBSERVED: 'observed' } as const;

export type RestContract = (typeof RestContract)[keyof typeof RestContract];

registerEnumType(RestContract, {
  name: 'RestContract',
  description: 'What the body of a refund over REST may be. Replies are the same.',
  valuesConfig: {
    DOCUMENTED: { description: "Exactly what the legacy API's document says." },
    OBSERVED: {
      description: 'Also what the legacy server takes: other spellings of names, numeric texts, and absent optional fields.',
    },
  },
});
