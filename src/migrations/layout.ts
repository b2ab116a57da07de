/** The number of hash partitions of each table of {@link tenantTable}; 0 for none. Only tests set it: the product has no partitions. */
export const layout = { partitions: 0 };

/**
 * Returns SQL for a table whose rows belong to organizations. Its primary key, unique constraints and indexes begin with organization_id, and
 * its triggers name the organization in each statement and never ask for the name of their table. So it can be partitioned by organization, and
 * a server that shards by tenant can take it as it is.
 *
 * @param fillfactor the percentage of a page that inserts fill. The rest is for new versions of its rows, which then need no entries in indexes (HOT)
 */
export function tenantTable(name: string, columns: string, { fillfactor = 100 } = {}): string {
  const storage = fillfactor === 100 ? '' : ` with (fillfactor = ${fillfactor})`;
  const partitions = numbers().map(
    (number) =>
      `create table partition_${number}.${name} partition of ${name} for values with (modulus ${layout.partitions}, remainder ${number})${storage};`,
  );
  return `create table ${name} (${columns})${partitions.length > 0 ? ' partition by hash (organization_id)' : storage}; ${partitions.join(' ')}`;
}

/** Returns SQL for the schemas of the partitions. A partition has the name of its table, in a schema of its own. */
export function partitionSchemas(): string {
  return numbers()
    .map((number) => `create schema partition_${number};`)
    .join(' ');
}

/** Returns SQL that gives each index of a partition the name of the table's index, because errors are recognized by the name of a constraint. */
export function partitionIndexNames(): string {
  return numbers().length === 0
    ? ''
    : `
    do $$
    declare
      renamed record;
    begin
      for renamed in
        select inhrelid::regclass as name, parent.relname as wanted
        from pg_inherits join pg_class parent on parent.oid = inhparent join pg_class index on index.oid = inhrelid
        where parent.relkind = 'I' and index.relname <> parent.relname
      loop
        execute format('alter index %s rename to %I', renamed.name, renamed.wanted);
      end loop;
    end
    $$;
  `;
}

function numbers(): readonly number[] {
  return [...Array(layout.partitions).keys()];
}
