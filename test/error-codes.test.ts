import { readFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import { assertEnumType, isObjectType } from 'graphql';
import { ERRORS } from '../src/error-codes.js';
import { createSchema } from '../src/graphql/schema.js';

/** The catalogue of errors is the only source of the schema's enum and of the tables in docs/errors.md. */
const schema = createSchema();
const codes = Object.entries(ERRORS);

it('the schema has every error code as a value of the enum ErrorCode, with its description', () => {
  const values = assertEnumType(schema.getType('ErrorCode')).getValues();
  expect(values.map(({ name, description }) => [name, description])).toEqual(codes.map(([code, { when }]) => [code, when]));
});

it('every field that holds an error code has the type ErrorCode', () => {
  const types = Object.values(schema.getTypeMap()).filter(isObjectType);
  const fields = types.flatMap((type) => Object.values(type.getFields()));
  const coded = fields.filter(({ name, description }) => name === 'code' && description?.includes('error'));
  expect(coded.map(({ type }) => String(type))).toEqual(['ErrorCode!']);
});

it('docs/errors.md has one row for every error code, with its status and its cause; run npm run codegen after a change', async () => {
  const text = await readFile(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  const rows = text.split('\n').filter((line) => /^\| `[A-Z_]+`/.test(line));
  expect(rows.map((row) => /`(\w+)` \| (\d+) /.exec(row)?.slice(1))).toEqual(
    codes.map(([code, { status }]) => [code, String(status)]),
  );
  for (const [index, [, { when }]] of codes.entries()) expect(rows[index]).toContain(` ${when} |`);
});
