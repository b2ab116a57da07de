import { Migration } from '@mikro-orm/migrations';
import { asRead, BEST_COLLATION, tidied } from './migration-20261125-visible-text.js';

/** The error message names at most this many rows of each problem. */
const MAX_NAMED = 20;

/** Names and codes, which the next migrations require to be tidy. Numbers of credit notes stay as they were issued. */
const TIDY_COLUMNS = [
  ['organizations', 'name'],
  ['users', 'name'],
  ['accounts', 'code'],
  ['accounts', 'name'],
  ['branches', 'code'],
  ['branches', 'name'],
  ['customers', 'display_name'],
] as const;

/**
 * Prepares the rows of earlier versions for the rules of the next migrations. If only people can decide how to change a row, the migration
 * fails and names all such rows. Databases that have these rules already stay the same.
 */
export class Migration20261125EarlierBooks extends Migration {
  override async up(): Promise<void> {
    const [server] = await this.query<{ collation: string }>(`select ${BEST_COLLATION} as collation`);
    const problems: string[] = [];
    for (const [problem, rows] of [...unfit(server?.collation ?? ''), ...(await this.numberless())]) {
      const found = await this.query<{ row: string }>(`${rows} limit ${MAX_NAMED + 1}`);
      if (found.length === 0) continue;
      const named = found.slice(0, MAX_NAMED).map(({ row }) => row);
      problems.push(`${problem}: ${named.join('; ')}${found.length > MAX_NAMED ? '; and more' : ''}`);
    }
    if (problems.length > 0) {
      throw new Error(
        `Rows of these books do not fit the rules of this version. Nothing was changed; mend them and migrate again (docs/operations.md, "Upgrading"):\n${problems
          .map((problem) => `- ${problem}`)
          .join('\n')}`,
      );
    }
    for (const [table, column] of TIDY_COLUMNS) {
      this.addSql(`update ${table} set ${column} = ${tidied(column)} where ${column} <> ${tidied(column)}`);
    }
  }

  override down(): void {
    throw new Error('what was written in another way before is not known');
  }

  private query<Row extends object>(sql: string): Promise<Row[]> {
    return this.getEntityManager().execute<Row[]>(sql);
  }

  /** Returns a query for each table with numbers or dates: its rows with NaN or an infinite value. */
  private async numberless(): Promise<(readonly [string, string])[]> {
    const tables = await this.query<{ name: string; condition: string }>(`
      select class.relname as name,
        string_agg(
          case when coalesce(nullif(type.typbasetype, 0), type.oid) = 'date'::regtype then format('not isfinite(%I)', attname)
            else format('%I in (''NaN'', ''Infinity'', ''-Infinity'')', attname) end,
          ' or ' order by attnum
        ) filter (where attname <> 'id') as condition
      from pg_class class join pg_attribute on attrelid = class.oid join pg_type type on type.oid = atttypid
      where relnamespace = 'public'::regnamespace and relkind = 'r' and attnum > 0 and not attisdropped
        and (attname = 'id' or coalesce(nullif(type.typbasetype, 0), type.oid) in ('numeric'::regtype, 'date'::regtype))
      group by class.relname having bool_or(attname <> 'id') and bool_or(attname = 'id')`);
    return tables.map(({ name, condition }) => [
      `numbers or days that are none, in ${name}`,
      `select 'id ' || id as row from ${name} where ${condition} order by id`,
    ]);
  }
}

/** Returns each possible problem with a query for the rows that have it, as text. */
function unfit(collation: string): (readonly [string, string])[] {
  const twins = (table: string, column: string, compared: string): string => `
    select 'organization ' || organization_id || ', ids ' || string_agg(id::text, ', ' order by id)
      || ' (' || string_agg(to_json(${column}::text)::text, ', ' order by id) || ')' as row
    from ${table} group by organization_id, ${compared} having count(*) > 1 order by min(id)`;
  return [
    [
      'time zones that PostgreSQL does not know by name',
      `select 'organization ' || id || ' (' || time_zone || ')' as row from organizations
       where time_zone !~ '^[A-Za-z]' or lower(time_zone) not in (select lower(name) from pg_timezone_names) order by id`,
    ],
    [
      'ids of organizations that differ in case alone',
      `select string_agg(public_id, ', ' order by id) as row from organizations group by lower(public_id) having count(*) > 1 order by min(id)`,
    ],
    ...TIDY_COLUMNS.map(
      ([table, column]) =>
        [
          `nothing to be seen in ${table}.${column}`,
          `select 'id ' || id as row from ${table} where ${tidied(column)} = '' order by id`,
        ] as const,
    ),
    ['numbers of credit notes that read the same', twins('credit_notes', 'number', asRead('number', collation))],
    ['codes of accounts that read the same', twins('accounts', 'code', asRead(tidied('code'), collation))],
    ['codes of branches that read the same', twins('branches', 'code', asRead(tidied('code'), collation))],
    ...(['credit_notes', 'refunds'] as const).map(
      (table) =>
        [
          `exchange rates of more than 15 significant digits in ${table}`,
          `select 'id ' || id || ' (' || trim_scale(exchange_rate) || ')' as row from ${table}
           where length(ltrim(replace(trim_scale(exchange_rate)::text, '.', ''), '0')) > 15 order by id`,
        ] as const,
    ),
  ];
}
