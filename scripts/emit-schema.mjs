// Writes schema.graphql, the public contract, from the built resolvers. `--check` only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { createSchema, printContract } from '../dist/src/graphql/schema.js';

const contract = printContract(createSchema());
if (process.argv.includes('--check')) {
  if (readFileSync('schema.graphql', 'utf8') !== contract)
    throw new Error('schema.graphql is not what the resolvers say; run: npm run codegen');
} else {
  writeFileSync('schema.graphql', contract);
}
