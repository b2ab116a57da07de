import { ConnectionException } from '@mikro-orm/core';
import { PostgreSqlConnection, PostgreSqlDriver } from '@mikro-orm/postgresql';

type Dialect = ReturnType<PostgreSqlConnection['createKyselyDialect']>;
type Driver = ReturnType<Dialect['createDriver']>;

/**
 * A connection that is lost in the middle of a transaction goes back to the pool, which then replaces it.
 *
 * Without this, the query builder under the ORM gives a connection back only after a rollback that succeeds, and a dead one
 * cannot succeed: each loss would cost the pool a place, until none is left and every request waits in vain.
 */
class ResilientConnection extends PostgreSqlConnection {
  override createKyselyDialect(overrides: Parameters<PostgreSqlConnection['createKyselyDialect']>[0]): Dialect {
    const dialect = super.createKyselyDialect(overrides);
    const createDriver = dialect.createDriver.bind(dialect);
    dialect.createDriver = () => givingBack(createDriver());
    return dialect;
  }
}

export class ResilientDriver extends PostgreSqlDriver {
  protected override readonly connection: PostgreSqlConnection = new ResilientConnection(this.config);
}

function givingBack(driver: Driver): Driver {
  const beginTransaction = driver.beginTransaction.bind(driver);
  const rollbackTransaction = driver.rollbackTransaction.bind(driver);
  driver.beginTransaction = async (connection, settings) => {
    try {
      await beginTransaction(connection, settings);
    } catch (error) {
      await driver.releaseConnection(connection);
      // Nothing else keeps a transaction from beginning.
      throw new ConnectionException(error as Error);
    }
  };
  // What failed before the rollback is what the caller hears of. A transaction ends with its connection in any case.
  driver.rollbackTransaction = (connection) => rollbackTransaction(connection).catch(() => undefined);
  return driver;
}
