import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/**
 * Returns a function that returns what axe finds on a page, one line for each element.
 *
 * @example await findings(page, ['color-contrast']) // without those of rules that a package of the page breaks
 */
export async function loadAxe() {
  const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  return async (page, theirs = []) => {
    // As the developer tools do, which no content security policy stops.
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run({ resultTypes: ['violations'] }));
    const ours = violations.filter(({ id }) => !theirs.includes(id));
    return ours.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`));
  };
}
