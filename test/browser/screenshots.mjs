// Writes the pictures of docs/desk. `npm run screenshots -- list dialog` takes some of them.
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Books } from './helpers/desk.mjs';
import { PHONE, Session } from './helpers/session.mjs';
import { recordStory, VIEWS } from './helpers/views.mjs';

const FOLDER = fileURLToPath(new URL('../../docs/desk/', import.meta.url));
const SCREEN = { viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' };
const DARK = { ...SCREEN, colorScheme: 'dark' };
const ON_PHONE = { ...PHONE, reducedMotion: 'reduce' };

/** The pages beside the desk. */
const PAGES = {
  landing: (session, _story, options) => session.open('/', options),
  async graphiql(session, _story, options) {
    const page = await session.open('/graphiql', options);
    await page.getByRole('button', { name: /^Execute query/ }).click();
    await page.locator('.graphiql-response').getByText('"Accounts Receivable"').waitFor();
    return page;
  },
  async sandbox(session, _story, options) {
    const page = await session.open('/graphql', options);
    await page.getByText('Apollo Sandbox cannot be loaded').waitFor();
    return page;
  },
};

const PICTURES = {
  landing: [PAGES.landing, SCREEN],
  list: [VIEWS.list, SCREEN],
  'list-dark': [VIEWS.list, DARK],
  'list-phone': [VIEWS.list, ON_PHONE],
  empty: [VIEWS.empty, SCREEN],
  note: [VIEWS.note, SCREEN],
  dialog: [VIEWS.dialog, SCREEN],
  'dialog-dark': [VIEWS.dialog, DARK],
  'dialog-phone': [VIEWS.dialog, ON_PHONE],
  refusal: [VIEWS.refusal, SCREEN],
  duplicate: [VIEWS.duplicate, SCREEN],
  'network-cut': [VIEWS['network-cut'], SCREEN],
  receipt: [VIEWS.receipt, SCREEN],
  several: [VIEWS.several, SCREEN],
  graphiql: [PAGES.graphiql, SCREEN],
  sandbox: [PAGES.sandbox, SCREEN],
};

const chosen = process.argv.slice(2);
const session = new Session();
await session.start({ DUPLICATE_WINDOW_SECONDS: '3600' });
try {
  await mkdir(FOLDER, { recursive: true });
  const story = await recordStory(new Books(session));
  for (const [name, [view, options]] of Object.entries(PICTURES)) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    const page = await view(session, story, options);
    await page.getByText('Checking the books').waitFor({ state: 'detached' });
    await page.mouse.move(0, 0);
    await page.screenshot({ path: `${FOLDER}${name}.png`, animations: 'disabled', caret: 'hide' });
    await page.close();
  }
} finally {
  await session.stop();
}
