import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { Admission, Permit } from '../src/concurrency/admission.js';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const LIMIT = 100;

/** Returns a function that asks for admission and then notes the request's name, or its name and the error. */
function asker(admission: Admission, started: string[]) {
  return (name: string, organizationId: number, cost = LIMIT) => {
    const gone = new AbortController();
    const permit = new Permit(gone.signal);
    permit.take(admission, organizationId, cost).then(
      () => void started.push(name),
      (error: Error) => void started.push(`${name}: ${error.name}`),
    );
    return { permit, gone };
  };
}

const settled = () => jest.advanceTimersByTimeAsync(0);

it('admits the next request of the organization with the least cost in flight', async () => {
  const started: string[] = [];
  const ask = asker(new Admission(LIMIT), started);
  const [a1, a2] = ['a1', 'a2', 'a3', 'a4', 'a5'].map((name) => ask(name, 1));
  const [b1] = ['b1', 'b2', 'b3'].map((name) => ask(name, 2));
  ask('c1', 3);
  await settled();
  expect(started).toEqual(['a1', 'a2', 'b1', 'b2']);

  b1?.permit.release();
  a1?.permit.release();
  a2?.permit.release();
  await settled();
  expect(started.slice(4)).toEqual(['c1', 'a3', 'b3']);
});

it('releases a permit only once, also when the request ends before it was admitted', async () => {
  const started: string[] = [];
  const ask = asker(new Admission(LIMIT), started);
  const [first, second, third] = ['1', '2', '3', '4'].map((name) => ask(name, 1));
  third?.permit.release();
  first?.permit.release();
  first?.permit.release();
  await settled();
  expect(started).toEqual(['1', '2', '3', '4']);
  ask('5', 1);
  await settled();
  expect(started).toHaveLength(4);
  second?.permit.release();
  await settled();
  expect(started).toHaveLength(5);
});

it('admits a cheap query at once, although the limit is reached', async () => {
  const started: string[] = [];
  const ask = asker(new Admission(LIMIT), started);
  for (const name of ['1', '2', '3']) ask(name, 1);
  ask('little', 1, 4);
  await settled();
  expect(started.sort()).toEqual(['1', '2', 'little']);
});

it('refuses a request that waited too long, or whose client has disconnected', async () => {
  const started: string[] = [];
  const ask = asker(new Admission(LIMIT), started);
  const [first, , third] = ['1', '2', '3', '4', '5'].map((name) => ask(name, 1));
  await settled();
  third?.gone.abort(new Error('gone'));
  first?.permit.release();
  await settled();
  expect(started).toEqual(['1', '2', '3: ServiceUnavailable', '4']);

  await jest.advanceTimersByTimeAsync(5_000);
  expect(started.slice(4)).toEqual(['5: ServiceUnavailable']);
});

it('admits the cheaper query behind an expensive one whose client has disconnected', async () => {
  const started: string[] = [];
  const ask = asker(new Admission(LIMIT), started);
  for (const organization of [1, 2, 3, 4, 5, 6, 7]) ask(`${organization}`, organization, 55);
  const { gone } = ask('costly', 8);
  ask('cheaper', 9, 10);
  await settled();
  gone.abort(new Error('gone'));
  await settled();
  expect(started.slice(7).sort()).toEqual(['cheaper', 'costly: ServiceUnavailable']);
});

it('does not let an expensive query starve behind cheaper ones', async () => {
  const started: string[] = [];
  const ask = asker(new Admission(LIMIT), started);
  const places = [1, 2, 3, 4, 5, 6, 7].map((organization) => ask(`${organization}`, organization, 55));
  ask('costly', 8);
  ask('cheaper', 9, 10);
  await settled();
  expect(started).toEqual(['1', '2', '3', '4', '5', '6', '7']);
  places[0]?.permit.release();
  places[1]?.permit.release();
  await settled();
  expect(started.slice(7)).toEqual(['costly', 'cheaper']);
});

it('starts an operation at once only if it need not wait, and no other waits', async () => {
  const started: string[] = [];
  const admission = new Admission(LIMIT);
  const ask = asker(admission, started);
  const take = (organizationId: number, cost = LIMIT) => {
    const permit = new Permit(new AbortController().signal);
    return { permit, isTaken: permit.takeNow(admission, organizationId, cost) };
  };
  const taken = [take(1), take(1), take(1), take(1, 4), take(2), take(3), take(4)];
  expect(taken.map(({ isTaken }) => isTaken)).toEqual([true, true, false, true, true, true, false]);

  taken[0]?.permit.release();
  taken[2]?.permit.release();
  ask('costly', 4);
  ask('waiting', 4);
  await settled();
  expect(started).toEqual(['costly']);
  taken[4]?.permit.release();
  await settled();
  expect(started).toEqual(['costly', 'waiting']);
  taken[5]?.permit.release();
  ask('behind', 4);
  await settled();
  // There is room for it, but an operation of another organization waits.
  expect(take(5).isTaken).toBe(false);
});
