// The desk for everybody: screen readers, keyboards, phones, dark rooms, slow lines.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { loadAxe } from './helpers/axe.mjs';
import { Books } from './helpers/desk.mjs';
import { describePages, PHONE } from './helpers/session.mjs';
import { recordStory, VIEWS } from './helpers/views.mjs';

const MAX_GZIP_BYTES = 250_000;

describePages(
  'the desk for everybody',
  (session) => {
    let story;
    let findings;
    before(async () => {
      story = await recordStory(new Books(session));
      findings = await loadAxe();
    });

    for (const [name, open] of Object.entries(VIEWS)) {
      for (const colorScheme of ['light', 'dark']) {
        test(`axe finds nothing on the view "${name}", ${colorScheme}`, async () => {
          assert.deepEqual(await findings(await open(session, story, { colorScheme })), []);
        });
      }

      test(`the view "${name}" fits a phone, and axe finds nothing`, async () => {
        const page = await open(session, story, PHONE);

        const { content, screen } = await page.evaluate(() => ({
          content: document.documentElement.scrollWidth,
          screen: document.documentElement.clientWidth,
        }));
        assert.ok(content <= screen, `${content} wide on a screen of ${screen}`);
        assert.deepEqual(await findings(page), []);
      });
    }

    test('a refund needs no mouse', async () => {
      const note = await new Books(session).note('60.00');
      const page = await session.open(`/desk/credit-notes/${note.id}`);
      await page.getByRole('button', { name: 'Refund …' }).waitFor();

      await tabTo(page, 'Refund …');
      await page.keyboard.press('Enter');
      await page.getByText('Remains afterwards').waitFor();
      await tabTo(page, 'Continue');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Pay 60.00 USD' }).waitFor();
      // The question has the focus, so that pressing Enter twice does not pay.
      await page.waitForFunction(() => document.activeElement?.textContent === 'Pay 60.00 USD?');
      await page.keyboard.press('Enter');
      await tabTo(page, 'Pay 60.00 USD');
      await page.keyboard.press('Enter');

      await page.getByRole('article').waitFor();
      await page.waitForFunction(() => document.activeElement?.tagName === 'H1');
      assert.deepEqual((await new Books(session).stateOf(note)).refunds, ['60.00']);
    });

    test('Escape closes the dialog, and the focus returns to the button that opened it', async () => {
      const page = await session.open(`/desk/credit-notes/${story.chair.id}`);
      await page.getByRole('button', { name: 'Refund …' }).click();
      await page.getByRole('dialog').getByLabel('Amount').waitFor();
      await page.keyboard.press('Escape');

      await page.getByRole('dialog').waitFor({ state: 'detached' });
      assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Refund …');
    });

    test(`the whole desk is at most ${MAX_GZIP_BYTES / 1000} kB, gzipped`, async () => {
      const bodies = [];
      const page = await session.open('about:blank');
      page.on('response', (response) => {
        if (/\/desk\/|favicon/.test(response.url())) bodies.push(response.body());
      });
      await page.goto(`${session.gateway.origin}/desk/`);
      await page.getByRole('table').waitFor();

      const sizes = (await Promise.all(bodies)).map((body) => gzipSync(body).length);
      const bytes = sizes.reduce((sum, size) => sum + size, 0);
      assert.ok(sizes.length >= 3, 'the page, its script and its style');
      assert.ok(bytes <= MAX_GZIP_BYTES, `${bytes} bytes`);
    });
  },
  { DUPLICATE_WINDOW_SECONDS: '3600' },
);

/** Presses Tab until the button with this text has the focus, as somebody without a mouse does. */
async function tabTo(page, text) {
  for (let presses = 0; presses < 50; presses += 1) {
    if ((await page.evaluate(() => document.activeElement?.textContent)) === text) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`"${text}" cannot be reached by Tab`);
}
