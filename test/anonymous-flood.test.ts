import { expect, it } from '@jest/globals';
import { Client, sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway();

const MANY = 60;
const SCHEMA = '{ __schema { types { name fields { name } } } }';

it('starts only one anonymous schema query per turn of the event loop, so that other requests run in between', async () => {
  const nobody = new Client(gateway.app, {});
  let turn = 0;
  let ticking = setImmediate(function tick() {
    turn += 1;
    ticking = setImmediate(tick);
  });

  const turns = await Promise.all(
    Array.from({ length: MANY }, async () => {
      expect((await nobody.graphql(SCHEMA)).errors).toBeUndefined();
      return turn;
    }),
  );
  clearImmediate(ticking);

  expect(new Set(turns).size).toBeGreaterThan(MANY / 2);
});
