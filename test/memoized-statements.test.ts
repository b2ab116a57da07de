import { expect, it } from '@jest/globals';
import { MAX_MEMOIZED, type Memo, memoize, WHOLE } from '../src/orm/columns.js';

it('keeps a limited number of values, since clients choose the filters that keys are made of', () => {
  const memo: Memo<number> = new WeakMap();
  const computed: number[] = [];
  const valueFor = (key: number) =>
    memoize(memo, WHOLE, String(key), () => {
      computed.push(key);
      return key;
    });
  for (let key = 0; key <= MAX_MEMOIZED; key += 1) valueFor(key);
  expect(memo.get(WHOLE)?.size).toBe(MAX_MEMOIZED);

  computed.length = 0;
  expect([valueFor(MAX_MEMOIZED), valueFor(1), valueFor(0)]).toEqual([MAX_MEMOIZED, 1, 0]);
  expect(computed).toEqual([0]);
});
