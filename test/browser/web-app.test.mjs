// The Bigcapital web app, in Chromium, on an origin of its own: its version of axios, its headers and its calls.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startGateway } from '../../compatibility/helpers/gateway.mjs';
import { skip, startChromium } from './helpers/chromium.mjs';
import { serveWebApp } from './helpers/web-app.mjs';

const NOTE = 2;
const BANK = 1;

describe('the web app of Bigcapital', { skip }, () => {
  let webApp;
  let stranger;
  let gateway;
  let browser;
  let page;
  before(async () => {
    webApp = await serveWebApp();
    stranger = await serveWebApp();
    gateway = await startGateway({ REST_CONTRACT: 'observed', CORS_ORIGINS: webApp.origin });
    browser = await startChromium();
    page = await signedIn(webApp.origin);
  });
  after(async () => {
    await browser?.close();
    await gateway?.stop();
    webApp?.stop();
    stranger?.stop();
  });

  /** Opens the page, and signs in with a JWT. */
  async function signedIn(origin, token = gateway.demo.jwt) {
    const opened = await browser.newPage();
    await opened.goto(origin);
    const { organizationId } = gateway.demo;
    await opened.evaluate((who) => window.signIn(who), { origin: gateway.origin, token, organizationId, locale: 'en' });
    return opened;
  }

  function call(method, path, data, from = page) {
    return from.evaluate(([...request]) => window.call(...request), [method, path, data]);
  }

  /** The body that the refund dialog sends: the amount is a text once it was edited, and `id` is the note's. */
  function form(values) {
    return {
      from_account_id: BANK,
      date: '2026-02-01',
      reference_no: '',
      description: '',
      amount: '100.00',
      exchange_rate: 1,
      id: NOTE,
      branch_id: 1,
      ...values,
    };
  }

  async function refund(values) {
    const { status, data } = await call('post', `credit-notes/${NOTE}/refunds`, form(values));
    assert.equal(status, 201, JSON.stringify(data));
    return data;
  }

  test('reads what its refund dialog shows', async () => {
    const note = await call('get', `credit-notes/${NOTE}`);
    const accounts = await call('get', 'accounts');
    const branches = await call('get', 'branches');

    assert.equal(note.status, 200);
    assert.equal(note.data.id, NOTE);
    assert.equal(note.data.currency_code, 'USD');
    assert.equal(typeof note.data.credits_remaining, 'number');
    const bank = accounts.data.accounts.find(({ id }) => id === BANK);
    assert.deepEqual([bank.name, bank.account_type], ['Bank', 'bank']);
    assert.deepEqual(branches.data.map(({ name, primary }) => [name, Boolean(primary)])[0], ['Head Office', true]);
  });

  test('refunds, shows the refund in its table and its drawer, and deletes it', async () => {
    const before = await call('get', `credit-notes/${NOTE}`);

    const refunded = await call('post', `credit-notes/${NOTE}/refunds`, form({ reference_no: 'WEB-1' }));
    assert.equal(refunded.status, 201);
    assert.deepEqual(
      [refunded.data.amount, refunded.data.credit_note_id, refunded.data.date],
      [100, NOTE, '2026-02-01T00:00:00.000Z'],
    );
    assert.ok(refunded.location, 'the page may read Location');
    const { id } = refunded.data;

    const list = await call('get', `credit-notes/${NOTE}/refunds`);
    const row = list.data.find((refund) => refund.id === id);
    assert.deepEqual(
      [row.formatted_date, row.formtted_amount, row.from_account.name, row.reference_no],
      ['02/01/2026', '100.00', 'Bank', 'WEB-1'],
    );

    const one = await call('get', `credit-notes/refunds/${id}`);
    assert.equal(one.status, 200);
    assert.equal(one.data.credit_note.credit_note_number, 'CN-00002');

    const deleted = await call('delete', `credit-notes/refunds/${id}`);
    assert.deepEqual([deleted.status, deleted.data], [200, '']);
    const again = await call('delete', `credit-notes/refunds/${id}`);
    assert.deepEqual([again.status, again.data.message], [404, 'NotFoundError']);

    const { data: left } = await call('get', `credit-notes/${NOTE}/refunds`);
    assert.equal(
      left.some((refund) => refund.id === id),
      false,
    );
    const after = await call('get', `credit-notes/${NOTE}`);
    assert.equal(after.data.credits_remaining, before.data.credits_remaining);
  });

  test('its calls pass the preflight that the browser sends before them', async () => {
    const watched = await signedIn(webApp.origin);
    const preflights = [];
    const protocol = await watched.context().newCDPSession(watched);
    await protocol.send('Network.enable');
    protocol.on('Network.responseReceived', ({ type, response }) => {
      if (type === 'Preflight') preflights.push(`${response.status} ${new URL(response.url).pathname}`);
    });

    const posted = await call('post', `credit-notes/${NOTE}/refunds`, form({ reference_no: 'WEB-2' }), watched);
    const { id } = posted.data;
    const read = await call('get', `credit-notes/${NOTE}/refunds`, undefined, watched);
    const deleted = await call('delete', `credit-notes/refunds/${id}`, undefined, watched);

    assert.deepEqual([posted.status, read.status, deleted.status], [201, 200, 200]);
    assert.deepEqual(preflights.sort(), [`204 /api/credit-notes/${NOTE}/refunds`, `204 /api/credit-notes/refunds/${id}`]);
  });

  test('its interceptor finds the reason of each refusal', async () => {
    const beyond = await call('post', `credit-notes/${NOTE}/refunds`, form({ amount: '999999.00' }));
    assert.deepEqual([beyond.status, beyond.data.errors[0].type], [400, 'CREDIT_NOTE_HAS_NO_REMAINING_AMOUNT']);

    const wrong = await call('post', `credit-notes/${NOTE}/refunds`, form({ amount: '0', from_account_id: '' }));
    assert.equal(wrong.status, 400);
    assert.deepEqual(wrong.data.message.map(({ property }) => property).sort(), ['amount', 'fromAccountId']);

    const unknown = await call('post', 'credit-notes/99999/refunds', form());
    assert.deepEqual([unknown.status, unknown.data.message], [404, 'NotFoundError']);
  });

  test('a page that is not signed in reads its 401', async () => {
    const visitor = await signedIn(webApp.origin, 'no.such.token');

    const { status, data } = await call('get', `credit-notes/${NOTE}`, undefined, visitor);

    assert.deepEqual([status, data], [401, { message: 'Unauthorized', statusCode: 401 }]);
  });

  test('a page of another origin reads nothing and writes nothing', async () => {
    const { data: before } = await call('get', `credit-notes/${NOTE}/refunds`);
    const { id } = await refund({ reference_no: 'WEB-3' });
    const foreign = await signedIn(stranger.origin);

    for (const [method, path, body] of [
      ['get', `credit-notes/${NOTE}/refunds`],
      ['post', `credit-notes/${NOTE}/refunds`, form({ reference_no: 'WEB-4' })],
      ['delete', `credit-notes/refunds/${id}`],
    ]) {
      const { status, data, message } = await call(method, path, body, foreign);
      assert.deepEqual([status, data, message], [undefined, undefined, 'Network Error']);
    }

    const { data: after } = await call('get', `credit-notes/${NOTE}/refunds`);
    assert.deepEqual(
      after.map((refund) => refund.id),
      [...before.map((refund) => refund.id), id],
    );
  });
});
