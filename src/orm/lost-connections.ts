import { ConnectionException } from '@mikro-orm/core';
import { type Client, DatabaseError, type PoolClient } from 'pg';
import type { KyselyDriver } from './kysely.js';

/**
 * Returns a connection that is lost within a transaction to the pool, which then replaces it. Marks every failure to get a
 * connection as a {@link ConnectionException}.
 *
 * Without this, kysely returns a connection only after a successful rollback, and a lost one cannot succeed: each loss would cost the
 * pool a connection, until none is left and every request waits in vain.
 */
export function returnLostConnections(driver: KyselyDriver): KyselyDriver {
  const acquireConnection = driver.acquireConnection.bind(driver);
  driver.acquireConnection = (options) =>
    acquireConnection(options).catch((error: Error) => {
      // Each cause may pass: a name that cannot be resolved, a password, a certificate.
      throw new ConnectionException(error);
    });
  const beginTransaction = driver.beginTransaction.bind(driver);
  driver.beginTransaction = async (connection, settings) => {
    try {
      await beginTransaction(connection, settings);
    } catch (error) {
      await driver.releaseConnection(connection);
      // Nothing else keeps a transaction from beginning.
      throw new ConnectionException(error as Error);
    }
  };
  const rollbackTransaction = driver.rollbackTransaction.bind(driver);
  // The caller gets the error that caused the rollback. Losing the connection ends the transaction too.
  driver.rollbackTransaction = (connection) => rollbackTransaction(connection).catch(() => undefined);
  return driver;
}

/** PostgreSQL closes a connection after a FATAL error. Until the socket closes too, the pool would lend it to the next request. */
export function closeAfterFatalError(client: PoolClient, error: unknown): void {
  if (error instanceof DatabaseError && error.severity === 'FATAL') {
    (client as unknown as Client).end().catch(() => undefined);
  }
}

/** pg gives some losses of a connection no code, only a message. Errors of the server have a severity. */
export function isConnectionLost(error: unknown): error is Error {
  if (!(error instanceof Error) || 'severity' in error) return false;
  return 'code' in error || /Connection (terminated|ended)|not queryable|Query read timeout/.test(error.message);
}
