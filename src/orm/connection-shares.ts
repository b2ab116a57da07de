import type { ConcurrencyLimit } from '../concurrency/concurrency-limit.js';
import { currentWork } from '../concurrency/wait-budget.js';
import { ServiceUnavailable } from '../errors.js';
import type { KyselyDriver } from './kysely.js';

/** A request without any budget left still waits this long for a connection: an idle one is there at once. */
const LEAST_WAIT_MS = 250;

/** Counts each connection towards the share of the organization that uses it, and limits the wait for it to the request's budget. */
export function shareConnections(driver: KyselyDriver, limit: ConcurrencyLimit): KyselyDriver {
  const leaving = new WeakMap<object, () => void>();
  const acquireConnection = driver.acquireConnection.bind(driver);
  const releaseConnection = driver.releaseConnection.bind(driver);
  driver.acquireConnection = async (options) => {
    const work = currentWork();
    if (work === undefined) return acquireConnection(options);
    const { organizationId, budget } = work;
    const leave = organizationId === null ? undefined : await limit.enter(organizationId, budget);
    const acquiring = acquireConnection(options);
    try {
      const connection = await budget.spend(() => inTime(acquiring, Math.max(budget.left, LEAST_WAIT_MS)));
      if (leave !== undefined) leaving.set(connection, leave);
      return connection;
    } catch (error) {
      leave?.();
      // A connection that arrives too late goes back to the pool.
      if (error instanceof ServiceUnavailable) void acquiring.then(releaseConnection, () => undefined);
      throw error;
    }
  };
  driver.releaseConnection = async (connection, options) => {
    await releaseConnection(connection, options);
    leaving.get(connection)?.();
    leaving.delete(connection);
  };
  return driver;
}

/** @throws {ServiceUnavailable} if it takes longer */
async function inTime<T>(promise: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new ServiceUnavailable()), limitMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
