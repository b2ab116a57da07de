/**
 * The oldest supported Node.js. MikroORM requires it, and older versions lose digits of JSON numbers without an error. package.json
 * repeats the version for npm.
 */
export const OLDEST_NODE = '22.17';

/** @throws {Error} with a message for the operator, if this Node.js is too old */
export function assertNodeVersion(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_NODE.split('.').map((part) => Number.parseInt(part, 10));
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new Error(`Node.js ${OLDEST_NODE} or later is needed, and this is ${version}.`);
}
