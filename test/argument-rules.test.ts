import { expect, it } from '@jest/globals';
import { getMetadataStorage } from 'class-validator';
import { GraphQLBoolean, type GraphQLField, getNamedType, isEnumType, isInputObjectType, isObjectType } from 'graphql';
import { argumentRules } from '../src/graphql/argument-rules.js';
import { createSchema } from '../src/graphql/schema.js';

const schema = createSchema();
const rules = argumentRules(schema);
const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'));
const fields: [string, GraphQLField<unknown, unknown>][] = types
  .filter(isObjectType)
  .flatMap((type) => Object.values(type.getFields()).map((field): [string, typeof field] => [`${type.name}.${field.name}`, field]));

/** The properties for which the class has a validator. */
function checkedBy(inputClass: new () => object): Set<string> {
  const validators = getMetadataStorage().getTargetValidationMetadatas(inputClass, inputClass.name, false, false);
  return new Set(validators.filter(({ type }) => type !== 'conditionalValidation').map(({ propertyName }) => propertyName));
}

it('finds the validation class of every input type', () => {
  for (const type of types.filter(isInputObjectType))
    expect([type.name, rules.inputs.get(type.name)]).toEqual([type.name, expect.any(Function)]);
});

it('requires a validator for every field of every input type', () => {
  const unchecked = types.filter(isInputObjectType).flatMap((type) => {
    const inputClass = rules.inputs.get(type.name) as new () => object;
    const checked = checkedBy(inputClass);
    // GraphQL itself checks booleans and enums.
    return Object.values(type.getFields())
      .filter(
        (field) => !checked.has(field.name) && !isEnumType(getNamedType(field.type)) && getNamedType(field.type) !== GraphQLBoolean,
      )
      .map((field) => `${inputClass.name}.${field.name} has no validator: add one of src/inputs/validators.ts`);
  });
  expect(unchecked).toEqual([]);
});

it('finds the validation rules of every argument of every field', () => {
  const unknown = fields.flatMap(([name, field]) => {
    const { argsClass, single = new Set() } = rules.fields.get(field) ?? {};
    const inClass = argsClass === null || argsClass === undefined ? new Set<string>() : checkedBy(argsClass);
    // GraphQL itself checks booleans and enums.
    const isChecked = ({ name, type }: (typeof field.args)[number]): boolean =>
      single.has(name) ||
      inClass.has(name) ||
      (argsClass !== null && (isEnumType(getNamedType(type)) || getNamedType(type) === GraphQLBoolean));
    return field.args.filter((argument) => !isChecked(argument)).map((argument) => `${name}(${argument.name})`);
  });
  expect(unknown).toEqual([]);
});

it('finds the role of every query and mutation', () => {
  const roots = [schema.getQueryType(), schema.getMutationType()].flatMap((type) => Object.values(type?.getFields() ?? {}));
  const open = roots.filter((field) => rules.fields.get(field)?.roles.length !== 1).map(({ name }) => name);
  expect(open).toEqual([]);
});
