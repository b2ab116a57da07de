import { describe, expect, it } from '@jest/globals';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);

const EVENTS = `query($createdAt: TimeRange) { auditEvents(filter: { createdAt: $createdAt }) { totalCount } }`;

function events(createdAt: { from?: string; before?: string }) {
  const admin = books.client;
  return admin.graphql<{ auditEvents: { totalCount: number } | null }, { createdAt: object }>(EVENTS, { createdAt });
}

describe('a range of times', () => {
  it.each([
    ['from', '0000-01-01T00:00:00Z'],
    ['before', '0000-12-31T23:59:59Z'],
    ['from', '0001-01-01T00:00:00+05:00'],
    ['before', '9999-12-31T23:59:59-12:00'],
  ])('refuses %s %s, which the database cannot read', async (field, time) => {
    const { status, errors } = await events({ [field]: time });

    expect(status).toBe(400);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: `createdAt.${field}` });
  });

  it('takes the first and the last time of the calendar', async () => {
    const { errors, data } = await events({ from: '0001-01-01T00:00:00Z', before: '9999-12-31T23:59:59.999Z' });

    expect(errors).toBeUndefined();
    expect(data?.auditEvents?.totalCount).toEqual(expect.any(Number));
  });
});
