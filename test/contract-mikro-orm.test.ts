import { beforeAll, expect, it } from '@jest/globals';
import type { EntityClass, EntityMetadata, EntityProperty } from '@mikro-orm/core';
import { Branch } from '../src/entities/branch.js';
import { CreditNote } from '../src/entities/credit-note.js';
import { ENTITIES } from '../src/entities/index.js';
import { Organization } from '../src/entities/organization.js';
import { Owned } from '../src/entities/owned.js';
import { bulkInsert } from '../src/orm/bulk-insert.js';
import { columnsOf } from '../src/orm/columns.js';
import { isPlanOutdated } from '../src/orm/errors.js';
import { query, run } from '../src/orm/query.js';
import { mapRows } from '../src/orm/row-mapping.js';
import { CancelRemainingDocument, ReverseRefundDocument } from './generated/documents.js';
import { type Books, sharedBooks, sharedGateway } from './helpers/gateway.js';

/** The behaviour of MikroORM 7.2 on which src/orm relies beyond its documentation; a failure after an upgrade names the cause. */

const gateway = sharedGateway();
const books = sharedBooks(gateway);
beforeAll(async () => {
  // A row of each entity.
  const note = await books.creditNote('100.00');
  const { id: refundId } = await books.refund(note.id, { amount: '30.00' });
  await books.client.query(ReverseRefundDocument, { input: { refundId, date: '2026-02-02', reason: 'Bounced' } });
  await books.client.query(CancelRemainingDocument, { input: { creditNoteId: note.id, date: '2026-02-03', reason: 'Agreed' } });
  await books.lock('2026-01-01');
});

const tables = ENTITIES.filter((entity) => entity.prototype instanceof Owned && entity.name !== 'IdempotencyKey');

it.each(tables.map(({ name }) => name))(
  'has metadata of %s with which our row mapping creates the same entities as its own hydration',
  async (name) => {
    const em = gateway.database.orm.em.fork();
    const entity = tables.find((each) => each.name === name) as EntityClass<Owned>;
    const meta = em.getMetadata().get(entity) as EntityMetadata;
    const where = { organization: Number(books.organization.id) };
    const hydrated = await em.find(entity, where as object, { orderBy: { id: 'asc' } as object, filters: false });
    const organization = await em.findOneOrFail(Organization, where.organization);
    const text = `select ${columnsOf(em, entity)} from ${meta.tableName} where organization_id = $1 order by id`;
    const [rows] = await run(
      em,
      query(text, [where.organization], (rows) => rows),
    );
    const mapped = mapRows(em, entity, organization, rows);

    expect(mapped).not.toHaveLength(0);
    expect(mapped.map((each) => valuesOf(meta, each))).toEqual(hydrated.map((each) => valuesOf(meta, each)));
    for (const each of mapped) expect(each).toBeInstanceOf(entity);
  },
);

it('has metadata of columns with which our bulk insert writes the same row as its own insert', async () => {
  const { superuser, asOperator } = gateway.database;
  const branch = await asOperator(async (em) => {
    const organization = em.getReference(Organization, Number(books.organization.id));
    const [ours, theirs] = ['CONTRACT-1', 'CONTRACT-2'].map((code) =>
      Object.assign(new Branch(), { organization, code, name: 'Contract' }),
    ) as [Branch, Branch];
    await run(em, bulkInsert(em, [ours]));
    await em.persist(theirs).flush();
    return ours;
  });

  const { rows } = await superuser.query("select organization_id, name, is_primary from branches where code like 'CONTRACT-%'");
  expect(rows).toHaveLength(2);
  expect(rows[0]).toEqual(rows[1]);
  expect(branch.id).toEqual(expect.any(Number));
  expect(branch.createdAt).toBeInstanceOf(Date);
});

it('keeps rows of two organizations with the same id apart', async () => {
  const [one, other] = [await gateway.books({ firstId: 1 }), await gateway.books({ firstId: 1 })];
  const em = gateway.database.orm.em.fork();
  const branchOf = ({ organization }: Books) => em.findOneOrFail(Branch, { id: 1, organization: organization.id });
  const [ours, theirs] = [await branchOf(one), await branchOf(other)];

  expect([ours.id, theirs.id]).toEqual([1, 1]);
  expect([ours.organization.id, theirs.organization.id]).toEqual([one.organization.id, other.organization.id]);
});

it('has null in an empty reference of a loaded entity, and writes no change of it', async () => {
  const { id } = await books.creditNote('5.00', { open: false });
  const { orm, statements } = gateway.database;
  const em = orm.em.fork();
  const before = statements.length;
  const draft = await em.findOneOrFail(CreditNote, { id: Number(id), organization: books.organization.id });
  await em.flush();

  expect([draft.journalEntry, draft.voidEntry]).toEqual([null, null]);
  expect(statements.slice(before)).toHaveLength(1);
});

it('writes the references of new entities to new entities once', async () => {
  const { statements } = gateway.database;
  const before = statements.length;
  await books.creditNote('5.00');

  const own = statements.slice(before);
  expect(own.some((statement) => /^\[query\] insert into "credit_notes"/.test(statement))).toBe(true);
  expect(own.filter((statement) => /^\[query\] update "/.test(statement))).toEqual([]);
});

it('em.getKysely() uses the transaction of the EntityManager', async () => {
  const em = gateway.database.orm.em.fork();
  const ids = await em.transactional(async (em) => {
    const [id] = await run(
      em,
      query('select txid_current()::text as id where $1', [true], ([row]) => row?.id),
    );
    return [id, (await em.execute<{ id: string }[]>('select txid_current()::text as id'))[0]?.id];
  });
  expect(ids[0]).toBe(ids[1]);
});

it("an error of an outdated plan contains the name of PostgreSQL's routine", async () => {
  const { superuser } = gateway.database;
  await superuser.query('create table contract (value integer)');
  const select = () => superuser.query({ name: 'outdated', text: 'select * from contract where $1', values: [true] });
  await select();
  await superuser.query('alter table contract add column other integer');
  const error = await select().catch((error) => error);
  await superuser.query('drop table contract');
  expect(isPlanOutdated(error)).toBe(true);
});

/** The values of an entity's own columns as text, for comparison. */
function valuesOf(meta: EntityMetadata, entity: object): Record<string, unknown> {
  const read = (from: object, key: string): unknown => (from as Record<string, unknown>)[key];
  const valueOfColumn = ({ name, kind, embedded }: EntityProperty): unknown => {
    const value = embedded ? read(read(entity, embedded[0]) as object, embedded[1]) : read(entity, name);
    return kind === 'm:1' && value ? read(value as object, 'id') : value;
  };
  const columns = meta.props.filter(({ kind, persist }) => (kind === 'scalar' || kind === 'm:1') && persist !== false);
  return Object.fromEntries(columns.map((property) => [property.name, JSON.stringify(valueOfColumn(property) ?? null)]));
}
