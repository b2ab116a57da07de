import { Client } from 'pg';
import { startEmbeddedPostgres } from '../../src/database/embedded-postgres/index.js';

/**
 * A gateway for tests that kill it: starts the server, prints "ready", then inserts numbers one by one, and prints each as soon
 * as the database has acknowledged it.
 */
const [dataDir = ''] = process.argv.slice(2);
const { superuser } = await startEmbeddedPostgres({ dataDir, settings: { fsync: 'off' } });
process.stdout.write('ready\n');

const client = new Client(superuser);
await client.connect();
await client.query('create table if not exists written (number int)');
for (let number = 1; ; number++) {
  await client.query('insert into written values ($1)', [number]);
  process.stdout.write(`${number}\n`);
}
