// Writes schema.graphql, the public contract, from the resolvers as they are built.
import { writeFileSync } from 'node:fs';
import { printSchema } from 'graphql';
import { createSchema } from '../dist/src/schema.js';

writeFileSync('schema.graphql', `${printSchema(createSchema())}\n`);
