import { describe, it } from '@jest/globals';
import { isHAProxyInstalled } from './router.js';

/**
 * `it` and `describe` of tests that not every machine can run. Elsewhere they are skipped, and their titles say what is missing.
 *
 * @example
 * asRoot.it('an export is readable by its owner alone', async () => { … });
 */
export const onLinux = onlyWhere(process.platform === 'linux', 'it needs Linux');
export const asRoot = onlyWhere(process.getuid?.() === 0, 'it needs root');
export const withHAProxy = onlyWhere(isHAProxyInstalled, 'haproxy is not installed; on Debian: apt-get install haproxy');

function onlyWhere(isPossible: boolean, missing: string) {
  const titled = (title: string) => (isPossible ? title : `${title} (skipped: ${missing})`);
  return {
    it: (title: string, test: () => Promise<void>) => (isPossible ? it : it.skip)(titled(title), test),
    describe: (title: string, tests: () => void) => (isPossible ? describe : describe.skip)(titled(title), tests),
  };
}
