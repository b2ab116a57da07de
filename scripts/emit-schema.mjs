// Writes schema.graphql, the public contract, from the built resolvers.
import { writeFileSync } from 'node:fs';
import { createSchema, printContract } from '../dist/src/graphql/schema.js';

writeFileSync('schema.graphql', printContract(createSchema()));
