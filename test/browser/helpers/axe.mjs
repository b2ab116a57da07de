import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/** Returns a function that returns what axe finds on a page, one line for each element. */
export async function loadAxe() {
  const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  return async (page) => {
    // As the developer tools do, which no content security policy stops.
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run({ resultTypes: ['violations'] }));
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`));
  };
}
