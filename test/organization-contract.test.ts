import { describe, expect, it } from '@jest/globals';
import { AuditEventsDocument, UpdateOrganizationDocument } from './generated/documents.js';
import { type Books, sharedGateway } from './helpers/gateway.js';

/** What the web app sends. It is refused under the documented contract. */
async function refundByWebApp(books: Books) {
  const { id } = await books.creditNote('100.00');
  const body = { from_account_id: Number(books.ids.bank), amount: '1.00', date: '2026-02-01' };
  return books.client.rest(`/api/credit-notes/${id}/refunds`, body);
}

async function choose(books: Books, contract: string) {
  const mutation = `mutation { updateOrganization(input: { restContract: ${contract} }) { restContract restContractInForce } }`;
  const { data, errors } = await books.client.graphql<{ updateOrganization: Chosen }, object>(mutation);
  expect(errors).toBeUndefined();
  return data?.updateOrganization;
}

interface Chosen {
  readonly restContract: string | null;
  readonly restContractInForce: string;
}

async function chosen(books: Books) {
  const { data } = await books.client.graphql<{ me: { organization: Chosen } }, object>(
    '{ me { organization { restContract restContractInForce } } }',
  );
  return data?.me.organization;
}

describe.each(['documented', 'observed'] as const)(
  'the contract of an organization, where that of the gateway is %s',
  (contract) => {
    const gateway = sharedGateway({ restContract: contract });

    it('is that of the gateway until it chooses another, at once and for itself alone', async () => {
      const [books, others] = [await gateway.books(), await gateway.books()];
      const statuses = { documented: 400, observed: 201 };
      const other = contract === 'documented' ? 'observed' : 'documented';

      expect((await refundByWebApp(books)).status).toBe(statuses[contract]);
      expect((await choose(books, other.toUpperCase()))?.restContract).toBe(other.toUpperCase());
      expect((await refundByWebApp(books)).status).toBe(statuses[other]);
      expect((await refundByWebApp(others)).status).toBe(statuses[contract]);
      expect((await choose(books, contract.toUpperCase()))?.restContract).toBe(contract.toUpperCase());
      expect((await refundByWebApp(books)).status).toBe(statuses[contract]);

      const { auditEvents } = await books.client.query(AuditEventsDocument, {});
      const changes = auditEvents.nodes.filter(({ action }) => action === 'updateOrganization').map(({ details }) => details);
      expect(changes.at(-1)).toEqual({ restContractBefore: other, restContractAfter: contract });
      expect(changes.length).toBe(2);
    });

    it('is that of the gateway again after null, and stays where it is absent', async () => {
      const books = await gateway.books();
      const other = contract === 'documented' ? 'OBSERVED' : 'DOCUMENTED';
      const own = contract.toUpperCase();
      expect(await chosen(books)).toEqual({ restContract: null, restContractInForce: own });
      expect(await choose(books, other)).toEqual({ restContract: other, restContractInForce: other });
      await books.client.query(UpdateOrganizationDocument, { input: { name: 'Acme' } });
      expect(await chosen(books)).toEqual({ restContract: other, restContractInForce: other });

      expect(await choose(books, 'null')).toEqual({ restContract: null, restContractInForce: own });
      expect(await chosen(books)).toEqual({ restContract: null, restContractInForce: own });
      expect((await refundByWebApp(books)).status).toBe(contract === 'documented' ? 400 : 201);

      const { auditEvents } = await books.client.query(AuditEventsDocument, {});
      const changes = auditEvents.nodes.filter(({ action }) => action === 'updateOrganization').map(({ details }) => details);
      expect(changes.at(-1)).toEqual({ restContractBefore: other.toLowerCase(), restContractAfter: '' });
    });

    it('under an idempotency key, null is another command than an absent contract', async () => {
      const books = await gateway.books();
      await choose(books, 'OBSERVED');
      const send = (input: object) =>
        books.client.graphql(UpdateOrganizationDocument, { input }, { 'idempotency-key': 'one-change' });
      expect((await send({ name: 'Acme', restContract: null })).errors).toBeUndefined();
      expect((await send({ name: 'Acme' })).errors?.[0]?.extensions.code).toBe('IDEMPOTENCY_KEY_REUSED');
    });

    it('never changes what the documented body does', async () => {
      const books = await gateway.books();
      for (const each of ['OBSERVED', 'DOCUMENTED']) {
        await choose(books, each);
        const { id } = await books.creditNote('100.00');
        expect((await books.client.rest(`/api/credit-notes/${id}/refunds`, books.restBody())).status).toBe(201);
      }
    });
  },
);
