import { readFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import { isEnumType, isInputObjectType, isObjectType } from 'graphql';
import { createSchema, printContract } from '../src/graphql/schema.js';

const schema = createSchema();
const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'));

it('schema.graphql is the schema of the resolvers; run npm run codegen after a change', async () => {
  const committed = await readFile(new URL('../../schema.graphql', import.meta.url), 'utf8');
  expect(committed).toBe(printContract(schema));
});

it('every type, field, argument and enum value has a description', () => {
  const silent: string[] = [];
  for (const type of types) {
    if (!type.description) silent.push(type.name);
    if (isEnumType(type))
      silent.push(...type.getValues().flatMap((value) => (value.description ? [] : [`${type.name}.${value.name}`])));
    if (!isObjectType(type) && !isInputObjectType(type)) continue;
    silent.push(...Object.values(type.getFields()).flatMap((field) => (field.description ? [] : [`${type.name}.${field.name}`])));
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      silent.push(...field.args.filter(({ description }) => !description).map(({ name }) => `${type.name}.${field.name}(${name})`));
    }
  }
  expect(silent).toEqual([]);
});

it('enums publish upper-case names', () => {
  const names = types.filter(isEnumType).flatMap((type) => type.getValues().map(({ name }) => name));
  expect(names.filter((name) => !/^[A-Z_]+$/.test(name))).toEqual([]);
});
