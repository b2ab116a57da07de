import type { PostgreSqlConnection } from '@mikro-orm/postgresql';

/** The types of the kysely that MikroORM executes statements by. */
export type Dialect = ReturnType<PostgreSqlConnection['createKyselyDialect']>;
export type KyselyDriver = ReturnType<Dialect['createDriver']>;
export type Transaction = ReturnType<PostgreSqlConnection['getClient']>;
