// Prints how fast the desk is: `npm run build && npm --prefix test/browser run speed`, on a machine that does nothing else.
import { gzipSync } from 'node:zlib';
import { operationOf } from './helpers/cut.mjs';
import { Books, openRefundDialog, previewed } from './helpers/desk.mjs';
import { Session } from './helpers/session.mjs';

const RUNS = 9;

const session = new Session();
await session.start();
try {
  const books = new Books(session);
  const openings = [];
  const receipts = [];
  let bytes = 0;
  for (let run = 0; run < RUNS; run += 1) {
    const opening = await open();
    openings.push(opening.ms);
    bytes = opening.bytes;
    receipts.push(await refund());
  }
  process.stdout.write(`From opening to the list of credit notes: ${inWords(openings)}
From the gateway's reply to the receipt: ${inWords(receipts)}
Page, script and style, gzipped: ${Math.round(bytes / 1000)} kB
`);

  /** Opens the desk in a new window, whose cache is empty, until the list can be used. */
  async function open() {
    const page = await session.open('about:blank');
    const bodies = [];
    page.on('response', (response) => new URL(response.url()).pathname.startsWith('/desk') && bodies.push(response.body()));
    await page.goto(`${session.gateway.origin}/desk/`);
    await page.getByRole('checkbox').first().waitFor();
    const ms = await page.evaluate(() => performance.now());
    const sizes = (await Promise.all(bodies)).map((body) => gzipSync(body).length);
    await page.close();
    return { ms, bytes: sizes.reduce((sum, size) => sum + size, 0) };
  }

  /** Refunds a note, and returns the time from the last byte of the reply to the receipt. */
  async function refund() {
    const { page, dialog } = await openRefundDialog(session, await books.note('10.00'));
    await previewed(dialog, '0.00 USD');
    await dialog.getByRole('button', { name: 'Continue' }).click();
    const replied = page.waitForEvent('requestfinished', (request) => operationOf(request) === 'Refund');
    // Notes the moment in the page itself, so that the way to this program does not count.
    await page.evaluate(() => {
      new MutationObserver((_changes, observer) => {
        if (document.querySelector('article') === null) return;
        window.shownAt = performance.timeOrigin + performance.now();
        observer.disconnect();
      }).observe(document.body, { childList: true, subtree: true });
    });
    await dialog.getByRole('button', { name: 'Pay 10.00 USD' }).click();
    const { startTime, responseEnd } = (await replied).timing();
    const shownAt = await (await page.waitForFunction(() => window.shownAt)).jsonValue();
    await page.close();
    return shownAt - (startTime + responseEnd);
  }
} finally {
  await session.stop();
}

function inWords(values) {
  const [fastest, median, slowest] = [0, RUNS >> 1, RUNS - 1].map((index) => Math.round(values.toSorted((a, b) => a - b)[index]));
  return `median ${median} ms (${fastest} to ${slowest})`;
}
