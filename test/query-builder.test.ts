import { expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { db, parameter, prepared } from '../src/orm/query-builder.js';

it('builds a statement with unquoted names, whose values are computed at each execution', () => {
  const id = parameter<{ id: number }, number>(({ id }) => id);
  const ids = parameter<{ ids: number[] }>(({ ids }) => ids);
  const query = db
    .selectFrom('refunds as root')
    .select('root.id as root__id')
    .where('root.id', '=', id)
    .where('root.id', '=', sql`any (${ids})`)
    .limit(sql.lit(100));

  expect(prepared<{ id: number; ids: number[] }>(query).statement({ id: 7, ids: [1, 2] })).toEqual({
    text: 'select root.id as root__id from refunds as root where root.id = $1 and root.id = any ($2) limit 100',
    values: [7, '{1,2}'],
  });
});
