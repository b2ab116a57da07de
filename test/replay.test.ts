import { describe, expect, it } from '@jest/globals';
import { type GraphQLInputType, getNullableType, isEnumType, isInputObjectType, isListType, isNonNullType } from 'graphql';
import { type Books, sharedGateway } from './helpers/gateway.js';
import { MUTATIONS, mutate, mutationCase } from './helpers/mutations.js';

const gateway = sharedGateway();

describe.each(MUTATIONS.map((mutation) => [mutation.name, mutation] as const))(
  '%s with an idempotency key that was used before',
  (name, mutation) => {
    const input = (key: string, fields: object) => ({ ...fields, idempotencyKey: key });

    /** New books in which the mutation was executed once with a key. */
    async function done() {
      const books = await gateway.books();
      const fields = await mutationCase(name).fields(books);
      const { data, errors } = await mutate(books.client, mutation, input('k', fields));
      expect(errors).toBeUndefined();
      return { books, fields, made: data, before: await books.everything() };
    }

    it.each<[string, (fields: Record<string, unknown>) => object, Record<string, string>]>([
      ['with the same fields', (fields) => input('k', fields), {}],
      ['with the key in the header', (fields) => fields, { 'idempotency-key': 'k' }],
      ['with the key in the header, too', (fields) => input('k', fields), { 'idempotency-key': '"k"' }],
      ['with the same fields in another format', (fields) => input('k', rewritten(fields)), {}],
    ])('%s returns the first result, and writes nothing', async (_, again, headers) => {
      const { books, fields, made, before } = await done();

      const { data, errors, headers: replied } = await mutate(books.client, mutation, { ...again(fields) }, headers);

      expect([errors, data]).toEqual([undefined, made]);
      expect(replied['idempotency-replayed']).toBe('true');
      expect(await books.everything()).toEqual(before);
    });

    it('is refused and writes nothing if the header has another key', async () => {
      const { books, fields, before } = await done();
      for (const key of ['k', 'unused']) {
        const headers = { 'idempotency-key': `${key}2` };
        const { data, errors } = await mutate(books.client, mutation, input(key, fields), headers);
        expect([key, data, errors?.[0]?.extensions]).toEqual([
          key,
          undefined,
          expect.objectContaining({ code: 'BAD_USER_INPUT', field: 'idempotencyKey' }),
        ]);
      }
      expect(await books.everything()).toEqual(before);
    });

    it('has a test case with a value for each of its fields', async () => {
      const { fields, conditions = [], alternatives = [] } = mutationCase(name);
      const given = await fields(await gateway.books());
      const missing = mutation.args.flatMap(({ name: argument, type }) => missingIn(type, given[argument], argument));
      expect(missing.sort()).toEqual([...conditions, ...alternatives, 'idempotencyKey'].filter((path) => !(path in given)).sort());
    });

    it('is refused and writes nothing if any field has another value', async () => {
      const { books, fields, before } = await done();
      const changed = mutation.args.flatMap(({ name: argument, type }) =>
        argument in fields && !mutationCase(name).conditions?.includes(argument)
          ? changes(type, fields[argument], argument).map(([path, value]) => [path, { ...fields, [argument]: value }] as const)
          : [],
      );

      const codes = [];
      for (const [path, other] of changed) {
        const { errors } = await mutate(books.client, mutation, input('k', other));
        codes.push([path, errors?.[0]?.extensions.code]);
      }

      expect(codes).not.toHaveLength(0);
      expect(codes).toEqual(changed.map(([path]) => [path, 'IDEMPOTENCY_KEY_REUSED']));
      expect(await books.everything()).toEqual(before);
    });

    /** The same fields in other formats: dates as date-times, decimals with other zeros, ids as numbers. */
    function rewritten(fields: Record<string, unknown>): Record<string, unknown> {
      const rewrittenFields = mutation.args.map(({ name: argument, type }) => [argument, rewrite(type, fields[argument])]);
      return Object.fromEntries(rewrittenFields.filter(([, value]) => value !== undefined));
    }
  },
);

describe('a refund over REST with the key of an earlier refund', () => {
  const KEY = { 'idempotency-key': 'k' };

  async function done() {
    const books: Books = await gateway.books();
    const path = `/api/credit-notes/${(await books.creditNote('100.00')).id}/refunds`;
    const made = await books.client.rest(path, books.restBody(), KEY);
    expect(made.status).toBe(201);
    return { books, path, made: made.json, before: await books.everything() };
  }

  it.each<Record<string, unknown>>([{}, { amount: '40.00', date: '2026-02-01T00:00:00.000Z' }])(
    'with the same fields (%j) returns the first refund, and writes nothing',
    async (otherwise) => {
      const { books, path, made, before } = await done();
      // JSON.stringify does not write numbers with trailing zeros, although JSON allows them.
      const body = JSON.stringify(books.restBody(otherwise)).replace('"40.00"', '40.00');

      const again = await books.client.rest(path, body, KEY);

      expect([again.status, again.json]).toEqual([201, made]);
      expect(again.headers['idempotency-replayed']).toBe('true');
      expect(await books.everything()).toEqual(before);
    },
  );

  it('is refused and writes nothing if any field has another value', async () => {
    const { books, path, before } = await done();
    const fields = Object.entries(books.restBody());

    for (const [name, value] of fields) {
      const other = typeof value === 'number' ? value + 1 : name === 'date' ? '2026-02-02' : `${value}x`;
      const reply = await books.client.rest(path, books.restBody({ [name]: other }), KEY);
      expect([name, reply.status, reply.json.errors?.[0]?.type]).toEqual([name, 422, 'IDEMPOTENCY_KEY_REUSED']);
    }

    expect(fields).toHaveLength(7);
    expect(await books.everything()).toEqual(before);
  });
});

/** The value in another format; `null` for an absent field that may be null. */
function rewrite(type: GraphQLInputType, value: unknown): unknown {
  const named = getNullableType(type);
  if (value === undefined) return isNonNullType(type) ? undefined : null;
  if (isListType(named)) return (value as unknown[]).map((each) => rewrite(named.ofType, each));
  if (isInputObjectType(named)) {
    const entries = Object.values(named.getFields()).map((field) => [
      field.name,
      rewrite(field.type, (value as Record<string, unknown>)[field.name]),
    ]);
    return Object.fromEntries(entries.filter(([, each]) => each !== undefined));
  }
  if (named.name === 'Decimal') return String(value).includes('.') ? String(value).replace(/\.?0+$/, '') : `${value}.00`;
  if (named.name === 'PostingDate') return `${value}T00:00:00.000Z`;
  return named.name === 'ID' ? Number(value) : value;
}

/** Paths of the leaves that the value does not contain; of a list, those of its first element. */
function missingIn(type: GraphQLInputType, value: unknown, path: string): string[] {
  const named = getNullableType(type);
  if (value === undefined || value === null) return [path];
  if (isListType(named)) return missingIn(named.ofType, (value as unknown[])[0], path);
  if (!isInputObjectType(named)) return [];
  const object = value as Record<string, unknown>;
  return Object.values(named.getFields()).flatMap((field) => missingIn(field.type, object[field.name], `${path}.${field.name}`));
}

/** Copies of the value, each with one changed leaf, and the path of that leaf. */
function changes(type: GraphQLInputType, value: unknown, path: string): [path: string, value: unknown][] {
  const named = getNullableType(type);
  if (isListType(named)) {
    const list = value as unknown[];
    return list.flatMap((each, index) =>
      changes(named.ofType, each, `${path}.${index}`).map(([path, other]): [string, unknown] => [path, list.with(index, other)]),
    );
  }
  if (isInputObjectType(named)) {
    const object = value as Record<string, unknown>;
    return Object.values(named.getFields())
      .filter(({ name }) => name in object)
      .flatMap(({ name, type }) =>
        changes(type, object[name], `${path}.${name}`).map(([path, other]): [string, unknown] => [
          path,
          { ...object, [name]: other },
        ]),
      );
  }
  if (isEnumType(named)) return [[path, named.getValues().find(({ name }) => name !== value)?.name]];
  return [[path, another(named.name, value)]];
}

function another(type: string, value: unknown): unknown {
  if (type === 'Boolean') return !value;
  if (type === 'Decimal') return `${value}${String(value).includes('.') ? '' : '.'}1`;
  if (type === 'PostingDate') return String(value).replace(/^\d+/, (year) => String(Number(year) - 1));
  if (type === 'ID') return String(Number(value) + 1_000_000);
  if (value === 'Europe/Berlin') return 'Europe/Paris';
  return value === 'USD' ? 'EUR' : `x${value}`;
}
