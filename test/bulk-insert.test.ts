import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Opt } from '@mikro-orm/core';
import { Entity, Property } from '@mikro-orm/decorators/legacy';
import type { MikroORM } from '@mikro-orm/postgresql';
import { connect } from '../mikro-orm.config.js';
import { connectionOf } from '../src/database/connect.js';
import { ENTITIES } from '../src/entities/index.js';
import { Organization } from '../src/entities/organization.js';
import { Owned } from '../src/entities/owned.js';
import { bulkInsert } from '../src/orm/bulk-insert.js';
import { run } from '../src/orm/query.js';
import { createDatabase, type TestDatabase } from './helpers/database.js';

@Entity({ tableName: 'tickets' })
class Ticket extends Owned {
  @Property({ type: 'integer', defaultRaw: 'floor(random() * 9)::integer + 1' })
  drawn!: number & Opt;

  @Property({ type: 'date', defaultRaw: 'current_date' })
  day!: string & Opt;

  @Property({ type: 'text', defaultRaw: "('EUR')" })
  currencyCode: string & Opt = 'EUR';
}

let database: TestDatabase;
let orm: MikroORM;
beforeAll(async () => {
  database = await createDatabase();
  await database.superuser.query(
    `create table tickets (id integer generated always as identity, organization_id bigint not null, created_at timestamptz not null default now(),
       drawn integer not null default floor(random() * 9)::integer + 1, day date not null default current_date,
       currency_code text not null default ('EUR'))`,
  );
  orm = await connect(connectionOf(database.connection('superuser')), { entities: [...ENTITIES, Ticket] });
});
afterAll(async () => {
  await orm.close(true);
  await database.drop();
});

it('leaves a default that the database computes to the database, however it is written, and writes the value of any other', async () => {
  const em = orm.em.fork();
  const organization = em.getReference(Organization, 1);
  const tickets = ['USD', 'EUR'].map((currencyCode) => Object.assign(new Ticket(), { organization, currencyCode }));
  await run(em, bulkInsert(em, tickets));

  const { rows } = await database.superuser.query(
    'select currency_code, drawn between 1 and 9 as is_drawn, day is not null as has_day from tickets order by id',
  );
  expect(rows).toEqual(['USD', 'EUR'].map((currencyCode) => ({ currency_code: currencyCode, is_drawn: true, has_day: true })));
});
