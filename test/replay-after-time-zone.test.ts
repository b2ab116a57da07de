import { describe, expect, it } from '@jest/globals';
import { type GraphQLInputType, getNullableType, isInputObjectType, isListType } from 'graphql';
import { type Books, freshBooks, sharedGateway } from './helpers/gateway.js';
import { MUTATIONS, mutate, mutationCase } from './helpers/mutations.js';

/**
 * A command is sent again, unchanged, after the organization's time zone has changed. A reply that called it another command, and advised to use a new
 * key, would make its caller pay twice.
 */
const gateway = sharedGateway();
const books = freshBooks(gateway);

const moveTo = async (timeZone: string): Promise<void> => {
  const { errors } = await books.client.graphql(
    'mutation ($input: UpdateOrganizationInput!) { updateOrganization(input: $input) { id } }',
    {
      input: { timeZone },
    },
  );
  expect(errors).toBeUndefined();
};

/** The value with each date as a late time of that day in UTC, which is the next day in Kiritimati. */
function atNight(type: GraphQLInputType, value: unknown): unknown {
  const named = getNullableType(type);
  if (value === undefined || value === null) return value;
  if (isListType(named)) return (value as unknown[]).map((each) => atNight(named.ofType, each));
  if (isInputObjectType(named)) {
    const given = Object.entries(value);
    return Object.fromEntries(
      given.map(([name, each]) => [name, atNight(named.getFields()[name]?.type as GraphQLInputType, each)]),
    );
  }
  return named.name === 'PostingDate' ? `${value}T23:30:00Z` : value;
}

const hasDate = (type: GraphQLInputType): boolean => {
  const named = getNullableType(type);
  if (isListType(named)) return hasDate(named.ofType);
  if (isInputObjectType(named)) return Object.values(named.getFields()).some((field) => hasDate(field.type));
  return named.name === 'PostingDate';
};
const DATED = MUTATIONS.filter(({ args }) => args.some(({ type }) => hasDate(type)));

it('concerns most mutations', () => {
  expect(DATED.length).toBeGreaterThan(7);
});

describe.each(DATED.map((mutation) => [mutation.name, mutation] as const))(
  '%s with a date-time and an idempotency key',
  (name, mutation) => {
    async function done() {
      const given = await mutationCase(name).fields(books);
      const fields = Object.fromEntries(mutation.args.map(({ name, type }) => [name, atNight(type, given[name])]));
      const input = { ...fields, idempotencyKey: 'k' };
      const { data, errors } = await mutate(books.client, mutation, input);
      expect(errors).toBeUndefined();
      return { given, input, made: data };
    }

    it.each(['Pacific/Kiritimati', 'Pacific/Pago_Pago'])('is replayed after the organization has moved to %s', async (timeZone) => {
      const { given, input, made } = await done();
      await moveTo(timeZone);
      const before = await books.everything();

      const again = await mutate(books.client, mutation, input);
      const asDate = await mutate(books.client, mutation, { ...given, idempotencyKey: 'k' });

      expect([again.errors, again.data, again.headers['idempotency-replayed']]).toEqual([undefined, made, 'true']);
      expect([asDate.errors, asDate.data]).toEqual([undefined, made]);
      expect(await books.everything()).toEqual(before);
    });
  },
);

describe('a refund with an idempotency key, after the time zone has changed', () => {
  const send = async (to: Books, creditNoteId: string, date: string) =>
    to.client.rest(`/api/credit-notes/${creditNoteId}/refunds`, to.restBody({ date }), { 'idempotency-key': 'k' });

  it('is replayed over REST', async () => {
    const { id } = await books.creditNote('100.00');
    const first = await send(books, id, '2026-02-01T23:30:00Z');
    await moveTo('Pacific/Kiritimati');

    const again = await send(books, id, '2026-02-01T23:30:00Z');

    expect([first.status, again.status, again.json]).toEqual([201, 201, first.json]);
    expect(again.headers['idempotency-replayed']).toBe('true');
  });

  it.each(['2026-02-02', '2026-02-02T00:00:00Z', '2026-02-02T00:30:00Z', '0001-01-01T00:30:00+14:00'])(
    'is another one on another day: %s',
    async (date) => {
      const { id } = await books.creditNote('100.00');
      expect((await send(books, id, '2026-02-01T23:30:00Z')).status).toBe(201);
      // There, the day of the first request would be the second of February.
      await moveTo('Pacific/Kiritimati');
      const before = await books.everything();

      const { status, json } = await send(books, id, date);

      expect([status, json.errors?.[0]?.type]).toEqual(
        date.startsWith('0001') ? [400, 'VALIDATION_ERROR'] : [422, 'IDEMPOTENCY_KEY_REUSED'],
      );
      expect(await books.everything()).toEqual(before);
    },
  );

  it('is another one if only the time zone of that time makes its date impossible', async () => {
    await moveTo('Pacific/Kiritimati');
    const { id } = await books.creditNote('100.00');
    expect((await send(books, id, '2026-02-01')).status).toBe(201);
    await moveTo('Pacific/Pago_Pago');
    // The last day of the calendar in Pago Pago, and no day any more in Kiritimati.
    const { status, json } = await send(books, id, '9999-12-31T23:30:00Z');
    expect([status, json.errors?.[0]?.type]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
  });
});
