import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';

/** The order of all locks can only be checked if they are in one file. Statements that skip locked rows wait for no lock. */
const LOCK = /pg_(try_)?advisory_|LockMode\.|lockMode|for (no key )?(update|share)\b(?! skip locked)|lock_timeout/;

/** Migrations contain locks of triggers, src/database locks of processes, and src/orm the time limit of transactions. */
const ELSEWHERE = /^(migrations|database|orm)\//;

it('only locks.ts contains locks', () => {
  const src = join(import.meta.dirname, '../../src');
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !ELSEWHERE.test(file),
  );
  const withLocks = files.filter((file) => LOCK.test(readFileSync(join(src, file), 'utf8')));
  expect(withLocks).toEqual(['services/unit-of-work/locks.ts']);
});
