import { expect, it } from '@jest/globals';
import { Account } from '../src/entities/account.js';
import { relatedTo, rowOf } from '../src/reads/read-model.js';

it('converts an entity to a row without methods, and an entity that is not loaded to a row with its id', () => {
  const account = Object.assign(new Account(), { id: 1, code: '100', createdAt: new Date(0) });
  const reference = Object.assign(new Account(), { id: 2 });

  expect(Object.getPrototypeOf(rowOf(account))).toBe(Object.prototype);
  expect(rowOf(account)).toMatchObject({ id: 1, code: '100' });
  expect(relatedTo(account)).toMatchObject({ id: 1, code: '100' });
  expect({ ...relatedTo(reference) }).toEqual({ id: 2 });
});
