import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { openDatabaseForTool } from '../src/database/database.js';
import { connectionUrl } from '../src/database/embedded-postgres/index.js';
import { ledgerHealth } from '../src/services/ledger/ledger-health.js';
import { createDatabase, type TestDatabase } from './helpers/database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

it('an operator’s command, such as a check of large books, has no time limit in the database', async () => {
  const databaseUrl = connectionUrl(database.connection('application'));
  const { orm, close } = await openDatabaseForTool({ databaseUrl, dataDir: 'unused' });
  try {
    for (const organizationId of [null, 1]) {
      const limits = await orm.em.fork().transactional(async (em) => {
        await ledgerHealth(em, organizationId);
        return em.execute(`select current_setting('statement_timeout') as statement, current_setting('lock_timeout') as lock`);
      });
      expect(limits).toEqual([{ statement: '0', lock: '0' }]);
    }
  } finally {
    await close();
  }
});
