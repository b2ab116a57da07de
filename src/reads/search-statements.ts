import type { EntityMetadata, EntityProperty } from '@mikro-orm/core';
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { columnOf, propertyOf } from '../orm/columns.js';
import { type Compilable, db, type SelectQuery } from '../orm/query-builder.js';
import { type Condition, conditionSql } from './filters.js';
import {
  type Bound,
  conditionValue,
  cursorsOf,
  isInRange,
  isSearch,
  OPEN,
  ORGANIZATION,
  PAGE_SIZE,
  type Page,
  type PagedList,
  Range,
  withConditions,
} from './pages.js';

/** A list whose filter and order have no index together. */
export interface SearchedList extends PagedList {
  readonly page: Page;
  /** The properties that an index begins with. */
  readonly indexed: readonly string[];
}

/** The places in the filter of conditions that one index answers together: a search, or the conditions of one column. */
export type Source = readonly number[];

export type Sources = readonly Source[];

/** The statements of a bounded search: which indexes the filter of the list has, and how their rows are counted, compared and read. */
export class SearchStatements {
  /** The conditions that an index of their column answers. */
  readonly columns: Sources;
  /** The searches for words. */
  readonly words: Sources;

  constructor(
    private readonly meta: EntityMetadata,
    private readonly list: SearchedList,
  ) {
    const { where } = list;
    const places = [...where.keys()];
    const indexed = places.filter((place) => this.hasIndex(where[place] as Condition));
    this.columns = [...Map.groupBy(indexed, (place) => String(where[place]?.[0])).values()];
    this.words = places.filter((place) => isSearch(where[place] as Condition)).map((place) => [place]);
  }

  /** The source whose entries are the rows of the list: the whole filter; `undefined` if there is none. */
  get whole(): Source | undefined {
    return [...this.columns, ...this.words].find((source) => source.length === this.list.where.length && this.isOfList(source));
  }

  /**
   * The sources whose rows follow each other in an index. A range with both ends, such as a month, comes first: it mostly has fewer rows than a value, such
   * as a branch.
   */
  get ranges(): Sources {
    return this.columns
      .filter((source) => this.isOfList(source) && source.every((place) => isComparison(this.list.where[place])))
      .toSorted((one, other) => other.length - one.length);
  }

  /** Counts the entries of each source, as `n0`, `n1` and so on, up to one more than the limit. */
  entries(sources: Sources, limit: number): Compilable {
    return sql`select ${sql.join(sources.map((source, index) => sql`${this.entriesOf(source, limit)} as ${sql.ref(`n${index}`)}`))}`;
  }

  /** Selects the ids of the page among the rows that all sources have. */
  ids(sources: Sources): Compilable {
    const { meta, list } = this;
    return new Range(meta, list, list.page, this.isOther(sources), this.rowsOf(sources))
      .rows(...cursorsOf(list.page))
      .clearSelect()
      .select('id')
      .limit(PAGE_SIZE);
  }

  /** Counts the rows of the list among those that all sources have, up to one more than the limit. */
  count(sources: Sources, limit: number): Compilable {
    const { meta, list } = this;
    const rows = list.where.some(this.isOther(sources))
      ? withConditions(this.rowsOf(sources), meta, list, this.isOther(sources)).select('id')
      : this.common(this.conditionsOf(sources));
    return sql`select count(*)::int as count from (${rows} limit ${sql.lit(limit + 1)}) counted`;
  }

  /**
   * Selects the ids of the page among so many rows in its order. If the page is not full, a row without an id has the number of rows that were read, as
   * `walked`.
   */
  walk(rows: number): Compilable {
    const { page } = this.list;
    return sql`with ${this.walked(page, cursorsOf(page), rows)}, page as materialized (select id from walked where fits limit ${PAGE_SIZE})
      select id, null::int as walked from page
      union all select null, (select count(*)::int from walked) where (select count(*) from page) < ${PAGE_SIZE}`;
  }

  /**
   * Counts the rows that fulfil the filter among so many of the range, or of the list in its order, up to one more than the limit. If there are no more,
   * `walked` is the number of rows that were read.
   */
  countAmong(range: Source | null, rows: number, limit: number): Compilable {
    const max = sql.lit(limit);
    const walked = range === null ? this.walked(this.list.page, [OPEN, OPEN], rows) : this.walkedRange(range, rows);
    return sql`with ${walked},
      found as materialized (select count(*)::int as count from (select from walked where fits limit ${max} + 1) fitting)
      select count, case when count <= ${max} then (select count(*)::int from walked) end as walked from found`;
  }

  /** Whether an index begins with the condition's column; for a column of a related row, with the reference to it. */
  private hasIndex([columns, operator]: Condition): boolean {
    const { indexed } = this.list;
    const [column, reference] = [String(columns), this.referenceIn(columns)];
    if (operator === 'some') return true;
    if (reference !== null) return operator === '=' && indexed.includes(reference);
    return ['=', 'in', '>=', '<='].includes(operator) && indexed.includes(column);
  }

  /** Returns the reference in a path such as `creditNote.customer`; `null` for a column of the row itself. */
  private referenceIn(columns: Condition[0]): string | null {
    const [first = '', second] = String(columns).split('.');
    const properties = this.meta.properties as Record<string, EntityProperty | undefined>;
    return second !== undefined && properties[first]?.kind === 'm:1' ? first : null;
  }

  /** Whether an entry of the source is a row of the list. A customer of refunds may have credit notes without any. */
  private isOfList([place = 0]: Source): boolean {
    const [columns] = this.list.where[place] as Condition;
    return this.referenceIn(columns) === null;
  }

  private entriesOf(source: Source, limit: number): RawBuilder<unknown> {
    const { meta } = this;
    const counted = (rows: RawBuilder<unknown> | SelectQuery) =>
      sql`(select count(*)::int from (${rows} limit ${sql.lit(limit + 1)}) entry)`;
    const [place = 0] = source;
    const condition = this.list.where[place] as Condition;
    const [columns, operator] = condition;
    if (isSearch(condition)) return counted(this.entriesWhere([this.conditionAt(place)]));
    const related = this.relatedTo(condition, conditionValue(place));
    if (related !== null) {
      const { column, rows } = related;
      const references = sql<SqlBool>`${sql.ref(column)} = any (array(${rows} limit ${sql.lit(limit + 1)}))`;
      return sql`greatest(${counted(rows)}, ${counted(this.entriesWhere([references]))})`;
    }
    const column = sql.ref(columnOf(meta, String(columns)));
    const inOrder = sql`order by ${column}, id`;
    if (operator === 'in') {
      const rows = this.entriesWhere([sql`${column} >= one.value`, sql`${column} <= one.value`]);
      return counted(sql`select from unnest(${conditionValue(place)}::text[]) one (value)
        cross join lateral (${rows} ${inOrder} limit ${sql.lit(limit + 1)}) of_value`);
    }
    return counted(sql`${this.entriesWhere(this.endsOf(source))} ${inOrder}`);
  }

  /** Compares the source's column: not as equal to its value, so that only its index has the order of the column and the id. */
  private endsOf(source: Source): RawBuilder<SqlBool>[] {
    return source.flatMap((place) => {
      const [columns, operator] = this.list.where[place] as Condition;
      const column = sql.ref(columnOf(this.meta, String(columns)));
      return (operator === '=' ? ['>=', '<='] : [operator]).map(
        (end) => sql<SqlBool>`${column} ${sql.raw(end)} ${conditionValue(place)}`,
      );
    });
  }

  private entriesWhere(conditions: readonly RawBuilder<SqlBool>[]): RawBuilder<unknown> {
    return sql`select from ${sql.table(this.meta.tableName)} where organization_id = ${ORGANIZATION} and ${sql.join(conditions, sql` and `)}`;
  }

  private conditionAt(place: number): RawBuilder<SqlBool> {
    return conditionSql(this.meta, this.list.where[place] as Condition, conditionValue(place), ORGANIZATION);
  }

  /** Returns the rows of another table that the condition asks for, and the column that refers to them; `null` if it asks for none. */
  private relatedTo(
    [columns, operator]: Condition,
    value: RawBuilder<unknown>,
  ): { column: string; rows: RawBuilder<unknown> } | null {
    const { meta } = this;
    if (operator === 'some') {
      const { targetMeta, mappedBy } = propertyOf(meta, String(columns));
      const { tableName } = targetMeta as EntityMetadata;
      const reference = sql.ref(columnOf(targetMeta as EntityMetadata, mappedBy));
      return { column: 'id', rows: sql`select ${reference} from ${sql.table(tableName)} where organization_id = ${ORGANIZATION}` };
    }
    const reference = this.referenceIn(columns);
    if (reference === null) return null;
    const target = propertyOf(meta, reference).targetMeta as EntityMetadata;
    const column = sql.ref(columnOf(target, String(columns).split('.')[1] ?? ''));
    const rows = sql`select id from ${sql.table(target.tableName)} where organization_id = ${ORGANIZATION} and ${column} = ${value}`;
    return { column: columnOf(meta, reference), rows };
  }

  /**
   * Selects the rows that all sources have. Their entries have been counted. Of several sources, only the ids are read and compared: PostgreSQL cannot do
   * so by itself, because all indexes begin with the organization. `offset 0` makes it read no others, whatever it expects of the other conditions.
   */
  private rowsOf(sources: Sources): SelectQuery {
    const { tableName } = this.meta;
    const conditions = this.conditionsOf(sources);
    const [only] = conditions;
    const rows = db.selectFrom(tableName).selectAll().where('organization_id', '=', ORGANIZATION);
    const narrowed =
      conditions.length === 1 && only ? rows.where(only) : rows.where('id', '=', sql`any (array(${this.common(conditions)}))`);
    return db.selectFrom(narrowed.offset(sql.lit(0)).as(tableName)) as SelectQuery;
  }

  private conditionsOf(sources: Sources): RawBuilder<SqlBool>[] {
    return sources.map((source) =>
      sql.join<SqlBool>(
        source.map((place) => this.narrowAt(place)),
        sql` and `,
      ),
    );
  }

  private common(conditions: readonly RawBuilder<SqlBool>[]): RawBuilder<unknown> {
    const ids = (condition: RawBuilder<SqlBool>) =>
      sql`select id from ${sql.table(this.meta.tableName)} where organization_id = ${ORGANIZATION} and ${condition}`;
    return sql.join(conditions.map(ids), sql` intersect `);
  }

  private narrowAt(place: number): RawBuilder<SqlBool> {
    const related = this.relatedTo(this.list.where[place] as Condition, conditionValue(place));
    return related === null ? this.conditionAt(place) : sql<SqlBool>`${sql.ref(related.column)} = any (array(${related.rows}))`;
  }

  /** Whether the condition is in none of the sources. */
  private isOther(sources: Sources): (condition: Condition) => boolean {
    return (condition) => !sources.flat().some((place) => this.list.where[place] === condition);
  }

  /** Reads rows of the source in the order of its index, from the same end as the page, and whether each fits the rest of the filter. */
  private walkedRange(range: Source, limit: number): RawBuilder<unknown> {
    const { meta, list } = this;
    const [place = 0] = range;
    const column = sql.ref(columnOf(meta, String(list.where[place]?.[0])));
    const direction = sql.raw(list.page.order.isDescending ? 'desc' : 'asc');
    const rows = sql`select * from ${sql.table(meta.tableName)} where organization_id = ${ORGANIZATION}
      and ${sql.join(this.endsOf(range), sql` and `)} order by ${column} ${direction}, id ${direction} limit ${sql.lit(limit)}`;
    return this.compared(rows, this.isOther([range]));
  }

  /** Reads rows in the order of the page, and whether each fits the filter. */
  private walked(page: Page, ends: readonly [Bound, Bound], rows: number): RawBuilder<unknown> {
    const { meta, list } = this;
    const range = new Range(meta, list, page, (condition) => isInRange(condition, list)).rows(...ends).limit(sql.lit(rows));
    return this.compared(range, (condition) => !isInRange(condition, list));
  }

  /** Compares rows with conditions of the list. PostgreSQL reads no more of a common table expression than is used. */
  private compared(rows: Compilable, isCompared: (condition: Condition) => boolean): RawBuilder<unknown> {
    const { meta, list } = this;
    const places = [...list.where.keys()].filter((place) => isCompared(list.where[place] as Condition));
    const fits = sql.join(
      places.map((place) => this.conditionAt(place)),
      sql` and `,
    );
    return sql`walked as materialized (select id, ${fits} as fits from (${rows}) ${sql.table(meta.tableName)})`;
  }
}

/** Whether the rows that fulfil the condition follow each other in an index of its column. */
function isComparison(condition: Condition | undefined): boolean {
  return ['=', '>=', '<='].includes(condition?.[1] ?? '');
}
