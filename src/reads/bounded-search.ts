import type { EntityMetadata, EntityProperty } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { TooManyMatches } from '../errors.js';
import { columnOf, type Memo, memoize, propertyOf, WHOLE } from '../orm/columns.js';
import { searchInTurn } from '../orm/driver.js';
import { query, type ResultRow, run } from '../orm/query.js';
import { type Compilable, db, type Prepared, prepared, type SelectQuery } from '../orm/query-builder.js';
import { type Condition, conditionSql, kindOfConditions } from './filters.js';
import { ANY_INDEX, IN_ORDER } from './in-order.js';
import {
  type Bound,
  conditionValue,
  cursorsOf,
  isInRange,
  isSearch,
  kindOfPage,
  MAX_COUNT,
  MAX_ENTRIES,
  MAX_READ,
  MAX_SEARCHED,
  OPEN,
  ORGANIZATION,
  PAGE_SIZE,
  type Page,
  type PagedList,
  Range,
  withConditions,
} from './pages.js';
import { withValues } from './rows.js';

/** A list whose filter and order have no index together. */
export interface SearchedList extends PagedList {
  readonly page: Page;
  /** The properties that an index begins with. */
  readonly indexed: readonly string[];
}

interface Count {
  readonly count: number;
  /** Whether it is the number of all rows, up to one more than the limit of counts. */
  readonly isComplete: boolean;
}

/** The places in the filter of conditions that one index answers together: a search, or the conditions of one column. */
type Source = readonly number[];

type Sources = readonly Source[];

/**
 * The numbers of rows that are read in each step.
 *
 * - `first`, `walk`: rows are read in the order of the page, until it is full. Common words are found in the first step; without words, such rows have been
 *   read before
 * - `few`, `many`: if the index of a condition has no more entries, their rows are compared with the other conditions
 * - `words`: the same for the index of words, which PostgreSQL reads as a whole
 */
interface Steps {
  readonly first: number;
  readonly walk: number;
  readonly few: number;
  readonly many: number;
  readonly words: number;
}

/** The steps where columns are compared, and where words are looked for; and the largest number of rows that is counted. */
export interface SearchLimits {
  readonly columns: Steps;
  readonly words: Steps;
  readonly count: number;
}

const LIMITS: SearchLimits = {
  columns: { first: 0, walk: MAX_READ, few: 10_000, many: MAX_ENTRIES, words: 0 },
  words: { first: 1_000, walk: MAX_SEARCHED, few: 1_000, many: MAX_SEARCHED, words: 2 * MAX_SEARCHED },
  count: MAX_COUNT,
};

/**
 * Finds the rows of a page where no index has both its filter and its order, and reads a limited number of rows. PostgreSQL alone would read until the
 * page is full, and so perhaps all rows of the organization: it expects each condition to hold for an average number of rows, evenly distributed.
 */
export class BoundedSearch {
  private readonly columns: Sources;
  private readonly words: Sources;
  private readonly steps: Steps;
  private readonly kind: string;

  constructor(
    private readonly em: EntityManager,
    private readonly meta: EntityMetadata,
    private readonly list: SearchedList,
    private readonly limits: SearchLimits = LIMITS,
  ) {
    const { where, page } = list;
    const places = [...where.keys()];
    const indexed = places.filter((place) => this.hasIndex(where[place] as Condition));
    this.columns = [...Map.groupBy(indexed, (place) => String(where[place]?.[0])).values()];
    this.words = places.filter((place) => isSearch(where[place] as Condition)).map((place) => [place]);
    this.steps = limits[this.words.length === 0 ? 'columns' : 'words'];
    this.kind = `${meta.tableName} ${kindOfConditions(where)} ${kindOfPage(page)}`;
  }

  /**
   * Returns the ids of the page's rows.
   *
   * @throws {TooManyMatches} if they are not found among so many rows
   */
  async ids(): Promise<readonly number[]> {
    const { first, walk, few, many, words } = this.steps;
    const columns = (limit: number) => () => this.idsIn(this.columns, limit);
    const walking = (rows: number) => () => this.walk(rows);
    const steps =
      this.words.length === 0
        ? [columns(few), walking(walk), columns(many)]
        : [walking(first), columns(few), () => this.idsIn(this.words, words), columns(many), walking(walk)];
    for (const step of steps) {
      const ids = await step();
      if (ids !== null) return ids;
    }
    throw new TooManyMatches(walk);
  }

  /**
   * Counts the rows of the list, up to one more than the limit of counts. If no step reads all of them, it is the largest number that a step has found.
   */
  async count(): Promise<Count> {
    const only = [...this.columns, ...this.words].find(
      (source) => source.length === this.list.where.length && this.isOfList(source),
    );
    if (only !== undefined) return { count: (await this.entries([only], this.limits.count))[0] ?? 0, isComplete: true };
    const { few, many, words } = this.steps;
    const columns = (limit: number) => () => this.countIn(this.columns, limit);
    const walks = this.walksOfCount();
    const steps =
      this.words.length === 0
        ? [columns(few), ...walks, columns(many)]
        : [columns(few), () => this.countIn(this.words, words), columns(many), ...walks];
    let largest: Count = { count: 0, isComplete: false };
    for (const step of steps) {
      const counted = await step();
      if (counted === null) continue;
      if (counted.isComplete || counted.count > this.limits.count) return counted;
      if (counted.count > largest.count) largest = counted;
    }
    return largest;
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

  /** Returns the sources that have no more entries than the limit; `null` if all have more. */
  private async narrow(sources: Sources, limit: number): Promise<Sources | null> {
    const entries = await this.entries(sources, limit);
    const narrow = sources.filter((_, index) => (entries[index] ?? 0) <= limit);
    return narrow.length === 0 ? null : narrow;
  }

  /** Counts the entries of each source, up to one more than the limit. */
  private async entries(sources: Sources, limit: number): Promise<number[]> {
    if (sources.length === 0) return [];
    const counts = () => sources.map((source, index) => sql`${this.entriesOf(source, limit)} as ${sql.ref(`n${index}`)}`);
    // The index of words has no order.
    const plan = sources.some((source) => this.words.includes(source)) ? ANY_INDEX : IN_ORDER;
    const [row] = await this.read(`entries ${sources.join(' ')} ${limit}`, plan, () => sql`select ${sql.join(counts())}`);
    return sources.map((_, index) => Number(row?.[`n${index}`]));
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
    const conditions = sources.map((source) =>
      sql.join<SqlBool>(
        source.map((place) => this.narrowAt(place)),
        sql` and `,
      ),
    );
    const [only] = conditions;
    const rows = db.selectFrom(tableName).selectAll().where('organization_id', '=', ORGANIZATION);
    const narrowed =
      conditions.length === 1 && only ? rows.where(only) : rows.where('id', '=', sql`any (array(${this.common(conditions)}))`);
    return db.selectFrom(narrowed.offset(sql.lit(0)).as(tableName)) as SelectQuery;
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

  /** Returns the ids of the page if a source has no more entries than the limit; otherwise `null`. */
  private async idsIn(all: Sources, limit: number): Promise<readonly number[] | null> {
    const sources = await this.narrow(all, limit);
    if (sources === null) return null;
    const { meta, list } = this;
    const statement = () =>
      new Range(meta, list, list.page, this.isOther(sources), this.rowsOf(sources))
        .rows(...cursorsOf(list.page))
        .clearSelect()
        .select('id')
        .limit(PAGE_SIZE);
    return (await this.read(`ids ${sources.join(' ')}`, ANY_INDEX, statement)).map(({ id }) => Number(id));
  }

  /** Counts the rows of the list if a source has no more entries than the limit; otherwise `null`. */
  private async countIn(all: Sources, limit: number): Promise<Count | null> {
    const sources = await this.narrow(all, limit);
    if (sources === null) return null;
    const { meta, list } = this;
    const statement = () => {
      const conditions = sources.map((source) =>
        sql.join<SqlBool>(
          source.map((place) => this.narrowAt(place)),
          sql` and `,
        ),
      );
      const rows = list.where.some(this.isOther(sources))
        ? withConditions(this.rowsOf(sources), meta, list, this.isOther(sources)).select('id')
        : this.common(conditions);
      return sql`select count(*)::int as count from (${rows} limit ${sql.lit(this.limits.count + 1)}) counted`;
    };
    const [row] = await this.read(`count ${sources.join(' ')} ${this.limits.count}`, ANY_INDEX, statement);
    return { count: Number(row?.count), isComplete: true };
  }

  /** Returns the ids of the page if they are among the first rows in its order, or if there are no more rows; otherwise `null`. */
  private async walk(rows: number): Promise<readonly number[] | null> {
    const { page } = this.list;
    const statement = () => this.walking(page, cursorsOf(page), rows, PAGE_SIZE);
    const found = await this.read(`walk ${rows}`, IN_ORDER, statement);
    const walked = found.find(({ id }) => id === null)?.walked;
    return walked === undefined || Number(walked) < rows ? found.flatMap(({ id }) => (id === null ? [] : [Number(id)])) : null;
  }

  /** Selects the ids of so many fitting rows among the first ones in the order; if there are less, also the number of rows that were read. */
  private walking(page: Page, ends: readonly [Bound, Bound], rows: number, size: RawBuilder<number>): RawBuilder<unknown> {
    return sql`with ${this.walked(page, ends, rows)}, page as materialized (select id from walked where fits limit ${size})
      select id, null::int as walked from page
      union all select null, (select count(*)::int from walked) where (select count(*) from page) < ${size}`;
  }

  /**
   * Returns the steps that count rows one after the other: those of each condition whose rows one index has together, otherwise those of the page's order.
   * Among the rows of a condition, more fulfil the others than among the first rows in an order.
   */
  private walksOfCount(): readonly (() => Promise<Count>)[] {
    const { list } = this;
    const { walk: all } = this.steps;
    const ranges = this.columns.filter(
      (source) => this.isOfList(source) && source.every((place) => isComparison(list.where[place])),
    );
    if (ranges.length === 0) return [() => this.countAmong('order', all, (limit) => this.walked(list.page, [OPEN, OPEN], limit))];
    const rows = Math.floor(all / ranges.length);
    // A range with both ends, such as a month, mostly has fewer rows than a value, such as a branch.
    const narrowFirst = ranges.toSorted((one, other) => other.length - one.length);
    const countIn = (range: Source, limit: number) =>
      this.countAmong(range.join(), limit, (limit) => this.walkedRange(range, limit));
    // With words, no more rows may be read than are counted, so the first part says nothing about the limit of counts.
    if (this.words.length > 0) return narrowFirst.map((range) => () => countIn(range, rows));
    return narrowFirst.map((range) => async () => {
      const first = await countIn(range, Math.ceil(rows / PARTS));
      const isEnough = first.isComplete || first.count > this.limits.count || first.count * PARTS <= this.limits.count;
      return isEnough ? first : countIn(range, rows);
    });
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

  /** Counts the fitting ones of so many rows. */
  private async countAmong(name: string, rows: number, walked: (rows: number) => RawBuilder<unknown>): Promise<Count> {
    const max = sql.lit(this.limits.count);
    const statement = () => sql`with ${walked(rows)},
      found as materialized (select count(*)::int as count from (select from walked where fits limit ${max} + 1) fitting)
      select count, case when count <= ${max} then (select count(*)::int from walked) end as walked from found`;
    const [row] = await this.read(`count among ${name} ${rows} ${this.limits.count}`, IN_ORDER, statement);
    return { count: Number(row?.count), isComplete: row?.walked !== null && Number(row?.walked) < rows };
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

  /** Runs a statement of the list, planned for its values. */
  private async read(step: string, plan: string, build: () => Compilable): Promise<readonly ResultRow[]> {
    const statement = memoize(STATEMENTS, WHOLE, `${this.kind} ${step}`, () => prepared<PagedList>(build())).statement(this.list);
    const { text } = withValues(this.em, statement);
    const reading = query(`${plan}${text}`, [], (rows) => rows);
    const [rows] = await searchInTurn(this.em, () => run(this.em, reading));
    return rows;
  }
}

/** If too few of the first part of the rows fulfil the filter, the other parts are not read: the limit of counts would not be reached. */
const PARTS = 10;

/** Whether the rows that fulfil the condition follow each other in an index of its column. */
function isComparison(condition: Condition | undefined): boolean {
  return ['=', '>=', '<='].includes(condition?.[1] ?? '');
}

const STATEMENTS: Memo<Prepared<PagedList>> = new WeakMap();
