// Writes the pictures of docs/desk: npm run build && npm --prefix test/browser run screenshots.
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Books } from './helpers/desk.mjs';
import { PHONE, Session } from './helpers/session.mjs';
import { recordStory, VIEWS } from './helpers/views.mjs';

const FOLDER = fileURLToPath(new URL('../../docs/desk/', import.meta.url));
const SCREEN = { viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' };
const ON_PHONE = { ...PHONE, reducedMotion: 'reduce' };

const session = new Session();
await session.start({ DUPLICATE_WINDOW_SECONDS: '3600' });
const only = process.argv.slice(2);
try {
  await mkdir(FOLDER, { recursive: true });
  const story = await recordStory(new Books(session));
  const take = async (name, view, options) => {
    if (only.length > 0 && !only.includes(name)) return;
    const page = await view(session, story, options);
    await page.evaluate(() => document.fonts.ready);
    await page.mouse.move(0, 0);
    await page.screenshot({ path: `${FOLDER}${name}.png`, animations: 'disabled', caret: 'hide' });
    await page.close();
  };
  for (const [name, view] of Object.entries(VIEWS)) {
    await take(name, view, SCREEN);
    await take(`${name}-dark`, view, { ...SCREEN, colorScheme: 'dark' });
    await take(`${name}-phone`, view, ON_PHONE);
  }
} finally {
  await session.stop();
}
