import { readFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import { getNullableType, isNonNullType, isObjectType, isScalarType } from 'graphql';
import { Role } from '../src/entities/access.js';
import { createSchema } from '../src/graphql/schema.js';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);

/** The types without an id, which two components of a page could make each other lose. docs/clients.md says what a cache does with each. */
const VALUES = ['PageInfo', 'PreviewLine', 'Provenance', 'RefundOutcome', 'RefundPreview', 'Refusal', 'RestUsage'];

it('every object has an id, by which caches merge what several components read, or is a value that docs/clients.md explains', async () => {
  const schema = createSchema();
  const roots = [schema.getQueryType(), schema.getMutationType()];
  const objects = Object.values(schema.getTypeMap())
    .filter(isObjectType)
    .filter((type) => !type.name.startsWith('__') && !roots.includes(type) && !/(Connection|Edge)$/.test(type.name));
  const keyless = objects.filter((type) => {
    const id = type.getFields().id?.type;
    return !isNonNullType(id) || !isScalarType(getNullableType(id)) || getNullableType(id).toString() !== 'ID';
  });
  expect(keyless.map(({ name }) => name).sort()).toEqual(VALUES);
  const text = await readFile('docs/clients.md', 'utf8');
  const explained = text.split('\n').filter((line) => line.startsWith('| `'));
  expect(VALUES.filter((name) => !explained.some((line) => line.split('|')[1]?.includes(`\`${name}\``)))).toEqual([]);
});

it('the ids of what has no row are the same in each reply, and differ where the objects do', async () => {
  const { id: creditNoteId } = await books.creditNote('100.00');
  const { id: refundId } = await books.refund(creditNoteId);
  await books.client.graphql(`mutation { addRefundReference(input: { refundId: ${refundId}, referenceNo: "A" }) { id } }`);
  await books.client.graphql(`mutation { addRefundReference(input: { refundId: ${refundId}, referenceNo: "A" }) { id } }`);
  const query = `{
    me { id }
    ledgerHealth { id checks { id } }
    all: trialBalance { id lines { id account { id } } }
    day: trialBalance(asOf: "2026-01-31") { id lines { id } }
    same: trialBalance(asOf: "2026-01-31T10:00:00") { id }
    refund(id: ${refundId}) { addedReferences { id } }
  }`;
  type Reply = {
    me: { id: string };
    ledgerHealth: { id: string; checks: { id: string }[] };
    all: { id: string; lines: { id: string }[] };
    day: { id: string; lines: { id: string }[] };
    same: { id: string };
    refund: { addedReferences: { id: string }[] };
  };
  const { data, errors } = await books.client.graphql<Reply, object>(query);
  expect(errors).toBeUndefined();
  expect((await books.client.graphql<Reply, object>(query)).data).toEqual(data);

  const idsOf = (objects: readonly { id: string }[] = []) => objects.map(({ id }) => id);
  expect(data?.same.id).toBe(data?.day.id);
  expect(data?.all.id).not.toBe(data?.day.id);
  for (const list of [data?.ledgerHealth.checks, data?.all.lines, data?.refund.addedReferences]) {
    expect(new Set(idsOf(list)).size).toBe(list?.length);
  }
  expect(data?.day.lines.length).toBeGreaterThan(0);
  expect(idsOf(data?.all.lines).filter((id) => idsOf(data?.day.lines).includes(id))).toEqual([]);
});

it('callers have different ids', async () => {
  const clients = [books.client, await gateway.client(books.organization, Role.ADMIN), (await gateway.books()).client];
  const ids = await Promise.all(
    clients.map(async (client) => (await client.graphql<{ me: { id: string } }, object>('{ me { id } }')).data?.me.id),
  );
  expect(new Set(ids).size).toBe(3);
});
