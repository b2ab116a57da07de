import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from '@jest/globals';
import { MikroORM } from '@mikro-orm/postgresql';
import config from '../mikro-orm.config.js';
import { Branch } from '../src/entities/branch.js';
import type { Organization } from '../src/entities/organization.js';
import { metadataOf, WHOLE, wholeWith } from '../src/orm/columns.js';
import { mapPlainRows, mapRows } from '../src/orm/row-mapping.js';

const { em } = new MikroORM({ ...config, dbName: 'none' });

it.each([
  ['plain rows', () => mapPlainRows(em, metadataOf(em, Branch), WHOLE, [{ id: '1' }])],
  ['entities', () => mapRows(em, Branch, {} as Organization, [{ id: '1' }], wholeWith())],
])('%s are garbage after their request, although their mapper is kept', async (_, map) => {
  const row = new WeakRef(map()[0] as object);
  setFlagsFromString('--expose-gc');
  const collectGarbage: () => void = runInNewContext('gc');
  // A weak reference holds its object until the current job ends.
  await new Promise(setImmediate);
  collectGarbage();
  expect(row.deref()).toBeUndefined();
});
