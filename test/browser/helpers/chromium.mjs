import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';

const { CHROMIUM_PATH, PATH = '' } = process.env;

/** The path of Chromium, from the variable CHROMIUM_PATH or the folders of PATH; `undefined` if it is not installed. */
const path =
  CHROMIUM_PATH ||
  PATH.split(delimiter)
    .map((folder) => join(folder, 'chromium'))
    .find(existsSync);

/** Why tests are skipped; `false` if they are not. */
export const skip = path === undefined && 'Chromium is not installed; on Debian: apt-get install chromium';

/** Starts Chromium. Its pages reach this machine and nothing else, as without internet. */
export function startChromium() {
  return chromium.launch({
    executablePath: path,
    args: ['--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1'],
    // Chromium has no sandbox for root, who runs the tests in containers.
    chromiumSandbox: process.getuid?.() !== 0,
  });
}
