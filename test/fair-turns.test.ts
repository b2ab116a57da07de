import { expect, it } from '@jest/globals';
import { FairTurns } from '../src/concurrency/fair-turns.js';

const [MANY, FEW] = [1, 2];

it('interleaves requests of two organizations, so that many of one do not delay the other', async () => {
  const turns = new FairTurns();
  const order: string[] = [];
  const begin = (organizationId: number, name: string) => turns.take(organizationId).then(() => order.push(name));

  await Promise.all([
    ...Array.from({ length: 5 }, (_, index) => begin(MANY, `many ${index}`)),
    begin(FEW, 'few 0'),
    begin(FEW, 'few 1'),
  ]);

  expect(order).toEqual(['many 0', 'few 0', 'many 1', 'few 1', 'many 2', 'many 3', 'many 4']);
});

it('starts sequential requests at once', async () => {
  const turns = new FairTurns();
  for (let index = 0; index < 3; index += 1) {
    await turns.take(MANY);
    await new Promise(setImmediate);
  }
  const begun = turns.take(MANY).then(() => 'begun');
  expect(await Promise.race([begun, new Promise((resolve) => setImmediate(() => resolve('waits')))])).toBe('begun');
});
