// Lints schema.graphql only: Biome lints the code.
import graphql from '@graphql-eslint/eslint-plugin';

const { rules: recommended } = graphql.configs['flat/schema-recommended'];
const { rules: relay } = graphql.configs['flat/schema-relay'];

/** Values that are part of the object above them, and have no identity of their own. `docs/clients.md` says how caches merge them. */
const VALUES = ['PageInfo', 'PreviewLine', 'Provenance', 'RefundOutcome', 'RefundPreview', 'Refusal', 'RestUsage'];

export default [
  {
    files: ['schema.graphql'],
    languageOptions: {
      parser: graphql.parser,
      parserOptions: { graphQLConfig: { schema: 'schema.graphql' } },
    },
    plugins: { '@graphql-eslint': graphql },
    rules: {
      ...recommended,
      ...relay,
      '@graphql-eslint/strict-id-in-types': ['error', { exceptions: { types: VALUES, suffixes: ['Connection', 'Edge'] } }],
      // `id` is the number that REST uses; an identifier among all objects needs another name.
      '@graphql-eslint/no-typename-prefix': 'off',
      // A plain list is for what is short and read as a whole, such as the lines of an entry: a connection would only add a level.
      '@graphql-eslint/relay-edge-types': ['error', { shouldImplementNode: true, listTypeCanWrapOnlyEdgeType: false }],
    },
  },
];
