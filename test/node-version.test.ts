import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { assertNodeVersion, OLDEST_NODE } from '../src/server/node-version.js';

it.each(['20.20.2', '22.16.0', '22.0.0', '9.22.17'])(
  'refuses Node.js %s with one line that names the required version',
  (version) => {
    expect(() => assertNodeVersion(version)).toThrow(`Node.js 22.17 or later is needed, and this is ${version}.`);
  },
);

it.each(['22.17.0', '22.20.1', '24.0.0', '100.1.0'])('runs on Node.js %s', (version) => {
  expect(() => assertNodeVersion(version)).not.toThrow();
});

it('requires the version in package.json', () => {
  const { engines } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(engines.node).toBe(`>=${OLDEST_NODE}`);
});
