import { describe, expect, it } from '@jest/globals';
import { WaitBudget } from '../src/concurrency/wait-budget.js';
import type { DatabaseDriver } from '../src/orm/driver.js';
import { UpdateCreditNoteDocument } from './generated/documents.js';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();
const books = sharedBooks(gateway);

async function ask(method: 'GET' | 'HEAD' | 'DELETE', url: string, headers: Record<string, string> = {}) {
  const {
    statusCode,
    headers: received,
    body,
  } = await gateway.app.inject({ method, url, headers: { ...books.client.headers, ...headers } });
  return {
    status: statusCode,
    etag: String(received.etag),
    code: body === '' ? undefined : JSON.parse(body).errors?.[0].type,
    received,
  };
}

/** Returns the paths of a new credit note without refunds, and of a new refund of another one. */
async function paths(): Promise<string[]> {
  const [note, other] = [await books.creditNote('100.00'), await books.creditNote('100.00')];
  const { id } = await books.refund(other.id, { amount: '10.00' });
  return [`/api/credit-notes/${note.id}`, `/api/credit-notes/refunds/${id}`];
}

it.each<[string, (etag: string) => string, number]>([
  ['the tag', (etag) => etag, 200],
  ['a list that has the tag', (etag) => `"x",${etag} , "y"`, 200],
  ['any tag', () => ' * ', 200],
  ['another tag', () => '"x"', 412],
  ['the tag of another state', (etag) => etag.replace(/..."$/, 'xxx"'), 412],
  ['a weak tag', (etag) => `W/${etag}`, 412],
  ['a tag without quotes', (etag) => etag.replaceAll('"', ''), 412],
  ['no tag', () => '', 412],
])('a deletion and a read with If-Match compare the tag: %s', async (_, header, status) => {
  for (const path of await paths()) {
    const { etag } = await ask('GET', path);
    const headers = { 'if-match': header(etag) };
    for (const method of ['GET', 'HEAD'] as const) {
      const read = await ask(method, path, headers);
      expect([method, path, read.status, read.received.etag]).toEqual([method, path, status, status === 200 ? etag : undefined]);
    }
    const before = await books.snapshot();
    const deletion = await ask('DELETE', path, headers);
    expect([path, deletion.status, deletion.code, deletion.received.etag]).toEqual([
      path,
      status,
      status === 412 ? 'PRECONDITION_FAILED' : undefined,
      undefined,
    ]);
    if (status === 412) expect(await books.snapshot()).toEqual(before);
  }
});

it.each<[string, (etag: string) => string, number]>([
  ['any tag', () => '*', 412],
  ['the tag', (etag) => etag, 412],
  ['the tag, weak, in a list', (etag) => `"x", W/${etag}`, 412],
  ['another tag', () => '"x"', 200],
  ['no tag', () => '', 200],
])('a deletion with If-None-Match: %s', async (_, header, status) => {
  for (const path of await paths()) {
    const { etag } = await ask('GET', path);
    const before = await books.snapshot();
    const deletion = await ask('DELETE', path, { 'if-none-match': header(etag) });
    expect([path, deletion.status, deletion.code]).toEqual([path, status, status === 412 ? 'PRECONDITION_FAILED' : undefined]);
    if (status === 412) expect(await books.snapshot()).toEqual(before);
  }
});

it('a deletion keeps both conditions, and what is gone is a 404 whatever they say', async () => {
  for (const path of await paths()) {
    const { etag } = await ask('GET', path);
    expect((await ask('DELETE', path, { 'if-match': etag, 'if-none-match': etag })).status).toBe(412);
    expect((await ask('DELETE', path, { 'if-match': etag, 'if-none-match': '"x"' })).status).toBe(200);
    expect((await ask('DELETE', path, { 'if-none-match': '*' })).status).toBe(404);
  }
});

it('a refund is refused with If-None-Match: *, since its path always returns something, and made with a tag', async () => {
  const { id } = await books.creditNote('100.00');
  const before = await books.snapshot();
  const refund = (tags: string) =>
    books.client.rest(`/api/credit-notes/${id}/refunds`, books.restBody({ amount: 1 }), { 'if-none-match': tags });
  const refused = await refund('*');
  expect([refused.status, refused.json.errors[0].type]).toEqual([412, 'PRECONDITION_FAILED']);
  expect(await books.snapshot()).toEqual(before);
  expect((await refund('"x"')).status).toBe(201);
});

it('a deletion is refused if what was read has changed', async () => {
  const { id } = await books.creditNote('100.00');
  const { etag } = await ask('GET', `/api/credit-notes/${id}`);
  await books.refund(id, { amount: '10.00' });
  expect(await ask('DELETE', `/api/credit-notes/${id}`, { 'if-match': etag })).toMatchObject({ status: 412 });
});

describe('a change that is under way when the deletion arrives', () => {
  /** Sends the change, and then the deletion, while a third party holds the credit note: both have begun before either can go on. */
  async function whileLocked(noteId: string, change: () => Promise<unknown>, path: string) {
    const { etag } = await ask('GET', path);
    const { superuser, untilWaiting } = gateway.database;
    await superuser.query('begin');
    await superuser.query('select from credit_notes where organization_id = $1 and id = $2 for update', [
      books.organization.id,
      noteId,
    ]);
    const changed = change();
    await untilWaiting(1);
    const deletion = ask('DELETE', path, { 'if-match': etag });
    await untilWaiting(2);
    await superuser.query('commit');
    await changed;
    return deletion;
  }

  it('refuses the deletion of the credit note that it changes', async () => {
    const { id } = await books.creditNote('100.00', { open: false });
    const edit = () => books.client.query(UpdateCreditNoteDocument, { input: { creditNoteId: id, note: 'Keep this one' } });
    expect(await whileLocked(id, edit, `/api/credit-notes/${id}`)).toMatchObject({ status: 412, code: 'PRECONDITION_FAILED' });
    expect((await ask('GET', `/api/credit-notes/${id}`)).status).toBe(200);
  });

  it('refuses the deletion of a refund whose note it changes', async () => {
    const { id } = await books.creditNote('100.00');
    const [one, other] = [await books.refund(id, { amount: '10.00' }), await books.refund(id, { amount: '20.00' })];
    const reverse = () => ask('DELETE', `/api/credit-notes/refunds/${one.id}`);
    const path = `/api/credit-notes/refunds/${other.id}`;
    expect(await whileLocked(id, reverse, path)).toMatchObject({ status: 412, code: 'PRECONDITION_FAILED' });
    const { body } = await gateway.app.inject({ url: path, headers: books.client.headers });
    expect(JSON.parse(body)).toMatchObject({ amount: 20, credit_note: { refunded_amount: 20 } });
  });
});

it('a credit note is deleted with the tag that the reply to a refund has, as a refund is made with it', async () => {
  const { id } = await books.creditNote('100.00');
  expect(await ask('DELETE', `/api/credit-notes/${id}`, { 'if-match': `"${id}-100"` })).toMatchObject({ status: 200 });
});

it('what is gone is a 404, or the same again under the key of its deletion, whatever If-Match says', async () => {
  for (const path of await paths()) {
    const { etag } = await ask('GET', path);
    const headers = { 'if-match': etag, 'idempotency-key': `delete ${path}`.replaceAll(/\W/g, '-') };
    expect((await ask('DELETE', path, headers)).status).toBe(200);
    const again = await ask('DELETE', path, headers);
    expect([again.status, again.received['idempotency-replayed']]).toEqual([200, 'true']);
    expect((await ask('DELETE', path, { 'if-match': etag })).status).toBe(404);
    expect((await ask('DELETE', path, { 'if-match': '*' })).status).toBe(404);
  }
});

it.each(['"x,*,y"', '"*"', 'W/*', '*, "x"', '**'])('If-None-Match: %s is not any tag', async (tags) => {
  for (const path of [...(await paths()), '/api/accounts', '/openapi.json']) {
    expect([path, (await ask('GET', path, { 'if-none-match': tags })).status]).toEqual([path, 200]);
  }
});

it('a tag that has a comma stands in a list beside others', async () => {
  const { etag } = await ask('GET', '/api/accounts');
  const list = `"x,*,y", ,${etag} ,"a,b"`;
  expect((await ask('GET', '/api/accounts', { 'if-none-match': list })).status).toBe(304);
  expect((await ask('GET', '/api/accounts', { 'if-match': list })).status).toBe(200);
  const { id } = await books.creditNote('100.00');
  const headers = { 'if-match': `"x,y", "${id}-100"` };
  expect((await books.client.rest(`/api/credit-notes/${id}/refunds`, books.restBody(), headers)).status).toBe(201);
});

it.each(['/openapi.json', '/schema.graphql', '/errors', '/errors/NOT_FOUND', '/docs'])(
  '%s is read only if it has the tag',
  async (url) => {
    const read = (ifMatch: string) => gateway.app.inject({ url, headers: { 'if-match': ifMatch } });
    const { etag } = (await gateway.app.inject({ url })).headers;
    const refused = await read('"x"');
    expect([refused.statusCode, refused.headers.etag, refused.json().errors[0].type]).toEqual([
      412,
      undefined,
      'PRECONDITION_FAILED',
    ]);
    expect((await read('*')).statusCode).toBe(200);
    // Pages have a weak tag for their compressed and their plain form, which If-Match never names.
    expect((await read(`"x", ${etag}`)).statusCode).toBe(String(etag).startsWith('W/') ? 412 : 200);
  },
);

it('a list is read only if it is what the client knows', async () => {
  const { etag } = await ask('GET', '/api/accounts');
  expect((await ask('GET', '/api/accounts', { 'if-match': etag })).status).toBe(200);
  expect((await ask('GET', '/api/accounts', { 'if-match': '"x"', 'if-none-match': etag })).status).toBe(412);
});

it('a deletion does not wait for the searches of its organization while it holds what it deletes', async () => {
  const { searches } = gateway.database.orm.em.getDriver() as DatabaseDriver;
  for (const path of await paths()) {
    const { etag } = await ask('GET', path);
    const leave: (() => void)[] = [];
    while (!searches.isFull(books.organization.id)) leave.push(await searches.enter(books.organization.id, new WaitBudget(0)));
    const deletion = await ask('DELETE', path, { 'if-match': etag });
    for (const each of leave) each();
    expect(deletion).toMatchObject({ status: 200 });
  }
});
