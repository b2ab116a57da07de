import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';

const documents = readdirSync('docs', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.md'))
  .map((file) => join('docs', file));

it.each(['README.md', 'CONTRIBUTING.md', ...documents])('all files of the source that %s names exist', (document) => {
  const text = readFileSync(document, 'utf8');
  const named = [...text.matchAll(/`(?:src\/)?((?:\w[\w-]*\/)+[\w.-]+\.ts)`/g)].map(([, path = '']) => path);
  const missing = named.filter((path) => !existsSync(join('src', path)) && !existsSync(path));
  expect(missing).toEqual([]);
});
