import { beforeEach, expect, it } from '@jest/globals';
import { type Actor, internalRequest } from '../src/auth/actor.js';
import { Authenticator } from '../src/auth/authenticator.js';
import { DEFAULT_WAIT_MS, WaitBudget, workFor } from '../src/concurrency/wait-budget.js';
import { readRefundRequest } from '../src/rest/refund-request.js';
import { refundRequest } from '../src/services/refunds/refund-command.js';
import { refundEach } from '../src/services/refunds/refund-list.js';
import { RefundQueue } from '../src/services/refunds/refund-queue.js';
import { freshBooks, sharedGateway } from './helpers/gateway.js';

/** Clients disconnect while their refunds wait for the batch before theirs. */
const gateway = sharedGateway();
const books = freshBooks(gateway);
let actor: Actor;
let queue: RefundQueue;
let notes: string[];
beforeEach(async () => {
  const em = gateway.database.orm.em;
  queue = new RefundQueue(em);
  notes = [];
  for (let count = 0; count < 4; count += 1) notes.push((await books.creditNote('100.00')).id);
  actor = await new Authenticator(em, null, 7).authenticate(
    { authorization: books.client.headers.authorization, organizationId: undefined },
    internalRequest('test'),
  );
});

const requestFor = (id: string) =>
  refundRequest(actor, readRefundRequest(id, books.restBody(), 'documented'), {
    idempotency: undefined,
    duplicateWindowSeconds: 0,
    allowUnusualRate: false,
  });

/** A client that may disconnect. */
function client() {
  const controller = new AbortController();
  const budget = new WaitBudget(DEFAULT_WAIT_MS);
  const work = { organizationId: books.organization.id, budget, signal: controller.signal };
  return {
    disconnect: () => controller.abort(new Error('gone')),
    asksFor: (id: string) => workFor(work, () => queue.add(requestFor(id))),
    asksForEach: (ids: readonly string[]) =>
      workFor(work, () =>
        refundEach(gateway.database.orm.em.fork(), queue, books.organization.id, {
          requests: ids.map(requestFor),
          idempotency: undefined,
        }),
      ),
  };
}

const outcomes = async (promises: readonly Promise<unknown>[]) =>
  (await Promise.allSettled(promises)).map(({ status }) => (status === 'fulfilled' ? 'made' : 'not made'));

async function refunded(): Promise<string[]> {
  const { rows } = await gateway.database.sql.query(
    'select credit_note_id as id from refunds where organization_id = $1 order by 1',
    [books.organization.id],
  );
  return rows.map(({ id }) => String(id));
}

it('refunds of disconnected clients are not made if their batch has not begun; those of other clients are', async () => {
  const [stays, goes, goesToo, staysToo] = [client(), client(), client(), client()];
  const asked = [stays, goes, goesToo, staysToo].map((each, index) => each.asksFor(notes[index] as string));
  goes.disconnect();
  goesToo.disconnect();

  expect(await outcomes(asked)).toEqual(['made', 'not made', 'not made', 'made']);
  expect(await refunded()).toEqual([notes[0], notes[3]]);
});

it('a refund of a disconnected client is made if its batch has begun', async () => {
  const goes = client();
  const asked = goes.asksFor(notes[0] as string);
  goes.disconnect();

  expect(await outcomes([asked])).toEqual(['made']);
  expect(await refunded()).toEqual([notes[0]]);
});

it('a list of a disconnected client is made as a whole if its first refund has begun, and otherwise not at all', async () => {
  const [stays, goes] = [client(), client()];
  const first = stays.asksForEach(notes.slice(0, 2));
  await new Promise(setImmediate);
  stays.disconnect();
  expect((await first).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);

  const asked = client().asksFor(notes[0] as string);
  const list = goes.asksForEach(notes.slice(2));
  goes.disconnect();
  expect((await list).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await asked;
  expect(await refunded()).toEqual([notes[0], notes[0], notes[1]]);
});
