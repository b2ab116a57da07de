import type { EntityMetadata } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import { TooManyMatches } from '../errors.js';
import { type Memo, memoize, WHOLE } from '../orm/columns.js';
import { searchInTurn } from '../orm/driver.js';
import { ANY_INDEX, IN_ORDER } from '../orm/in-order.js';
import { query, type ResultRow, run } from '../orm/query.js';
import { type Compilable, type Prepared, prepared } from '../orm/query-builder.js';
import { kindOfConditions } from './filters.js';
import { kindOfPage, MAX_COUNT, MAX_ENTRIES, MAX_READ, MAX_SEARCHED, type PagedList } from './pages.js';
import { withValues } from './rows.js';
import { type SearchedList, SearchStatements, type Source, type Sources } from './search-statements.js';

interface Count {
  readonly count: number;
  /** Whether it is the number of all rows, up to one more than the limit of counts. */
  readonly isComplete: boolean;
}

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

/** If too few of the first part of the rows fulfil the filter, the other parts are not read: the limit of counts would not be reached. */
const PARTS = 10;

/**
 * Finds the rows of a page where no index has both its filter and its order, and reads a limited number of rows. PostgreSQL alone would read until the
 * page is full, and so perhaps all rows of the organization: it expects each condition to hold for an average number of rows, evenly distributed.
 */
export class BoundedSearch {
  private readonly statements: SearchStatements;
  private readonly steps: Steps;
  private readonly kind: string;

  constructor(
    private readonly em: EntityManager,
    meta: EntityMetadata,
    private readonly list: SearchedList,
    private readonly limits: SearchLimits = LIMITS,
  ) {
    this.statements = new SearchStatements(meta, list);
    this.steps = limits[this.hasWords ? 'words' : 'columns'];
    this.kind = `${meta.tableName} ${kindOfConditions(list.where)} ${kindOfPage(list.page)}`;
  }

  private get hasWords(): boolean {
    return this.statements.words.length > 0;
  }

  /**
   * Returns the ids of the page's rows.
   *
   * @throws {TooManyMatches} if they are not found among so many rows
   */
  async ids(): Promise<readonly number[]> {
    const { first, walk, few, many, words } = this.steps;
    const columns = (limit: number) => () => this.idsIn(this.statements.columns, limit);
    const walking = (rows: number) => () => this.walk(rows);
    const steps = this.hasWords
      ? [walking(first), columns(few), () => this.idsIn(this.statements.words, words), columns(many), walking(walk)]
      : [columns(few), walking(walk), columns(many)];
    for (const step of steps) {
      const ids = await step();
      if (ids !== null) return ids;
    }
    throw new TooManyMatches(walk);
  }

  /**
   * Returns the number of rows of the list.
   *
   * @throws {TooManyMatches} if it is larger than the limit of counts, or not known after so many rows
   */
  async total(): Promise<number> {
    const { count, isComplete } = await this.count();
    if (!isComplete || count > this.limits.count) {
      const reason = `More than ${this.limits.count} items may have the words; add another one, or a longer one`;
      throw new TooManyMatches(this.limits.count, 'filter', reason);
    }
    return count;
  }

  /**
   * Counts the rows of the list, up to one more than the limit of counts. If no step reads all of them, it is the largest number that a step has found.
   */
  async count(): Promise<Count> {
    const { whole } = this.statements;
    if (whole !== undefined) return { count: (await this.entries([whole], this.limits.count))[0] ?? 0, isComplete: true };
    const { few, many, words } = this.steps;
    const columns = (limit: number) => () => this.countIn(this.statements.columns, limit);
    const walks = this.walksOfCount();
    const steps = this.hasWords
      ? [columns(few), () => this.countIn(this.statements.words, words), columns(many), ...walks]
      : [columns(few), ...walks, columns(many)];
    let largest: Count = { count: 0, isComplete: false };
    for (const step of steps) {
      const counted = await step();
      if (counted === null) continue;
      if (counted.isComplete || counted.count > this.limits.count) return counted;
      if (counted.count > largest.count) largest = counted;
    }
    return largest;
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
    // The index of words has no order.
    const plan = sources.some((source) => this.statements.words.includes(source)) ? ANY_INDEX : IN_ORDER;
    const name = `entries ${sources.join(' ')} ${limit}`;
    const [row] = await this.read(name, plan, () => this.statements.entries(sources, limit));
    return sources.map((_, index) => Number(row?.[`n${index}`]));
  }

  /** Returns the ids of the page if a source has no more entries than the limit; otherwise `null`. */
  private async idsIn(all: Sources, limit: number): Promise<readonly number[] | null> {
    const sources = await this.narrow(all, limit);
    if (sources === null) return null;
    const rows = await this.read(`ids ${sources.join(' ')}`, ANY_INDEX, () => this.statements.ids(sources));
    return rows.map(({ id }) => Number(id));
  }

  /** Counts the rows of the list if a source has no more entries than the limit; otherwise `null`. */
  private async countIn(all: Sources, limit: number): Promise<Count | null> {
    const sources = await this.narrow(all, limit);
    if (sources === null) return null;
    const { count } = this.limits;
    const name = `count ${sources.join(' ')} ${count}`;
    const [row] = await this.read(name, ANY_INDEX, () => this.statements.count(sources, count));
    return { count: Number(row?.count), isComplete: true };
  }

  /** Returns the ids of the page if they are among the first rows in its order, or if there are no more rows; otherwise `null`. */
  private async walk(rows: number): Promise<readonly number[] | null> {
    const found = await this.read(`walk ${rows}`, IN_ORDER, () => this.statements.walk(rows));
    const walked = found.find(({ id }) => id === null)?.walked;
    return walked === undefined || Number(walked) < rows ? found.flatMap(({ id }) => (id === null ? [] : [Number(id)])) : null;
  }

  /**
   * Returns the steps that count rows one after the other: those of each condition whose rows one index has together, otherwise those of the page's order.
   * Among the rows of a condition, more fulfil the others than among the first rows in an order.
   */
  private walksOfCount(): readonly (() => Promise<Count>)[] {
    const { ranges } = this.statements;
    if (ranges.length === 0) return [() => this.countAmong(null, this.steps.walk)];
    const rows = Math.floor(this.steps.walk / ranges.length);
    // With words, no more rows may be read than are counted, so the first part says nothing about the limit of counts.
    if (this.hasWords) return ranges.map((range) => () => this.countAmong(range, rows));
    return ranges.map((range) => async () => {
      const first = await this.countAmong(range, Math.ceil(rows / PARTS));
      const isEnough = first.isComplete || first.count > this.limits.count || first.count * PARTS <= this.limits.count;
      return isEnough ? first : this.countAmong(range, rows);
    });
  }

  /** Counts the rows that fulfil the filter among so many of the range, or of the list in its order. */
  private async countAmong(range: Source | null, rows: number): Promise<Count> {
    const { count } = this.limits;
    const name = `count among ${range?.join() ?? 'order'} ${rows} ${count}`;
    const [row] = await this.read(name, IN_ORDER, () => this.statements.countAmong(range, rows, count));
    return { count: Number(row?.count), isComplete: row?.walked !== null && Number(row?.walked) < rows };
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

const STATEMENTS: Memo<Prepared<PagedList>> = new WeakMap();
