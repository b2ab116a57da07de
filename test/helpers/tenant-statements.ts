import { loadModule, parsePlPgSQLSync, parseSync } from 'libpg-query';

/**
 * Finds statements that read or write rows of organizations without naming the organization of each table. It parses a statement with PostgreSQL's
 * own parser, and follows equalities between columns `organization_id` to a parameter or another expression without columns.
 */

/** Statements that may touch the rows of any organization, each with its reason. */
const EXCEPTIONS: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/^ ?select key\.\*, .* from api_keys where hash = any/, 'a key is found by its hash, and then names the organization'],
  [
    /from "memberships" .* where .*"subject" = /,
    'a membership is found by the subject of a JWT and the public id of the organization',
  ],
  [/from organizations organization cross join lateral \(/, 'a periodic job goes from organization to organization'],
  [/^ ?with probe as \(update credit_notes set refunded = refunded where false\)/, 'the health probe changes no row'],
];

await loadModule();

/**
 * Returns the tenant tables in the statement whose organization is not named.
 *
 * @param statement as MikroORM logs it: parameters are `?` or `$1`
 * @param tenantTables tables with a column `organization_id`
 */
export function tablesWithoutOrganization(statement: string, tenantTables: ReadonlySet<string>): string[] {
  const text = statement.replaceAll(/\s+/g, ' ');
  if (EXCEPTIONS.some(([pattern]) => pattern.test(text))) return [];
  const numbered = statement.replaceAll(/'(?:[^']|'')*'|"[^"]*"|\?/g, (token) => (token === '?' ? '$1' : token));
  const check = new Check(tenantTables);
  for (const { stmt } of parseSync(numbered).stmts ?? []) check.visit(stmt, []);
  return check.found;
}

/**
 * Returns the tenant tables whose organization a statement of the function does not name. The rows of a trigger, transition tables and variables are as
 * good as parameters.
 *
 * @param definition as `pg_get_functiondef` returns it
 */
export function tablesWithoutOrganizationIn(definition: string, tenantTables: ReadonlySet<string>): string[] {
  const check = new Check(tenantTables);
  if (/language plpgsql/i.test(definition)) {
    const parsed = parsePlPgSQLSync(definition);
    const variables = [...new Set(valuesOf(parsed, 'refname'))].map((name) => valueSource(String(name)));
    for (const query of valuesOf(parsed, 'query').filter((query) => typeof query === 'string')) {
      for (const { stmt } of parseSync(statementOf(query)).stmts ?? []) check.visit(stmt, variables);
    }
  } else {
    for (const { stmt } of parseSync(definition).stmts ?? []) {
      const { parameters, sql_body } = (stmt as { CreateFunctionStmt: Node }).CreateFunctionStmt;
      const names = asArray(parameters).map(({ FunctionParameter }) => String((FunctionParameter as Node).name));
      check.visit(sql_body, names.map(valueSource));
    }
  }
  return check.found;
}

/** PL/pgSQL also has expressions and assignments in place of statements. */
function statementOf(query: string): string {
  const isStatement = /^\s*(select|with|insert|update|delete)\b/i.test(query);
  return isStatement ? query : `select ${query.replace(/^[\w.[\] ]+:=/, '')}`;
}

/** Returns the values of a key, at any depth. */
function valuesOf(node: unknown, key: string): unknown[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([name, value]) => [...(name === key ? [value] : []), ...valuesOf(value, key)]);
}

function valueSource(alias: string): Source {
  return { alias, table: '', column: 'any', isNamed: true };
}

type Node = Readonly<Record<string, unknown>>;

/** A table, subquery or function in a FROM clause. */
interface Source {
  readonly alias: string;
  /** Name of the table; empty for a subquery or a function. */
  readonly table: string;
  /** The column that holds the organization; `any` for the values of a function, which are parameters. */
  readonly column: 'organization_id' | 'id' | 'any';
  /** A subquery is checked by itself. Any other source of rows must be connected to a parameter. */
  readonly isNamed: boolean;
}

/** A side of an equality: the alias whose organization it is, or null for an expression without columns. */
type Side = { readonly alias: string | null };

class Check {
  readonly found: string[] = [];
  /** Names of the common table expressions. */
  private readonly expressions = new Set<string>();

  constructor(private readonly tenantTables: ReadonlySet<string>) {}

  /** @param outer sources of the enclosing statements whose organization is named */
  visit(node: unknown, outer: readonly Source[]): void {
    if (typeof node !== 'object' || node === null) return;
    const { SelectStmt, UpdateStmt, DeleteStmt, InsertStmt } = node as Record<string, Node | undefined>;
    if (SelectStmt !== undefined) this.select(SelectStmt, outer);
    else if (UpdateStmt !== undefined) this.change(UpdateStmt, UpdateStmt.fromClause, outer);
    else if (DeleteStmt !== undefined) this.change(DeleteStmt, DeleteStmt.usingClause, outer);
    else if (InsertStmt !== undefined) this.insert(InsertStmt, outer);
    else for (const each of Object.values(node)) this.visit(each, outer);
  }

  private select(statement: Node, outer: readonly Source[]): void {
    this.define(statement, outer);
    if (statement.larg !== undefined) {
      this.select(statement.larg as Node, outer);
      this.select(statement.rarg as Node, outer);
      return;
    }
    this.level(statement, asArray(statement.fromClause), outer);
  }

  private change(statement: Node, from: unknown, outer: readonly Source[]): void {
    this.define(statement, outer);
    this.level(statement, [{ RangeVar: statement.relation }, ...asArray(from)], outer);
  }

  private insert(statement: Node, outer: readonly Source[]): void {
    this.define(statement, outer);
    const { table, isNamed } = this.sourceOf(statement.relation as Node);
    const names = (columns: unknown, kind: string) => asArray(columns).map((column) => (column[kind] as Node | undefined)?.name);
    const conflict = (statement.onConflictClause as Node | undefined)?.infer as Node | undefined;
    const hasOrganization =
      names(statement.cols, 'ResTarget').includes(ORGANIZATION) &&
      (conflict === undefined || names(conflict.indexElems, 'IndexElem').includes(ORGANIZATION));
    if (this.tenantTables.has(table) && !isNamed && !hasOrganization) this.found.push(table);
    this.visit(statement.selectStmt, outer);
  }

  private define(statement: Node, outer: readonly Source[]): void {
    for (const { CommonTableExpr } of asArray((statement.withClause as Node | undefined)?.ctes)) {
      const { ctename, ctequery } = CommonTableExpr as Node;
      this.expressions.add(String(ctename));
      this.visit(ctequery, outer);
    }
  }

  /** Checks the sources of one level, and visits the statements below it. */
  private level(statement: Node, from: readonly Node[], outer: readonly Source[]): void {
    const sources: Source[] = [];
    const conditions: unknown[] = [statement.whereClause];
    const subqueries: unknown[] = [];
    const collect = ({ RangeVar, RangeSubselect, RangeFunction, JoinExpr }: Record<string, Node | undefined>): void => {
      if (RangeVar !== undefined) sources.push(this.sourceOf(RangeVar));
      const other = RangeSubselect ?? RangeFunction;
      if (other !== undefined) {
        const alias = String((other.alias as Node | undefined)?.aliasname);
        sources.push({ alias, table: '', column: RangeFunction === undefined ? ORGANIZATION : 'any', isNamed: true });
        subqueries.push(other);
      }
      if (JoinExpr !== undefined) {
        collect(JoinExpr.larg as Record<string, Node>);
        collect(JoinExpr.rarg as Record<string, Node>);
        conditions.push(JoinExpr.quals);
      }
    };
    for (const item of from) collect(item as Record<string, Node>);

    const own = new Set(sources.map(({ alias }) => alias));
    const scope = [...outer.filter(({ alias }) => !own.has(alias)), ...sources];
    const equalities = conditions.flatMap((condition) => equalitiesIn(condition, scope, sources));
    const named = new Set(scope.filter(({ isNamed }) => isNamed).map(({ alias }) => alias));
    const isNamed = ({ alias }: Side): boolean => alias === null || named.has(alias);
    for (let size = -1; size !== named.size; ) {
      size = named.size;
      for (const [one, other] of equalities) {
        if (isNamed(one) && other.alias !== null) named.add(other.alias);
        if (isNamed(other) && one.alias !== null) named.add(one.alias);
      }
    }
    for (const { alias, table } of sources) if (this.tenantTables.has(table) && !named.has(alias)) this.found.push(table);

    const below = scope.filter(({ alias }) => named.has(alias)).map((source) => ({ ...source, isNamed: true }));
    const {
      fromClause: _from,
      usingClause: _using,
      withClause: _with,
      relation: _relation,
      whereClause: _where,
      ...rest
    } = statement;
    this.visit([rest, subqueries, conditions], below);
  }

  private sourceOf({ relname, alias }: Node): Source {
    const table = String(relname);
    return {
      alias: String((alias as Node | undefined)?.aliasname ?? table),
      table: this.expressions.has(table) ? '' : table,
      column: table === 'organizations' ? 'id' : ORGANIZATION,
      isNamed: this.expressions.has(table) || !(this.tenantTables.has(table) || table === 'organizations'),
    };
  }
}

const ORGANIZATION = 'organization_id';

/**
 * Returns the equalities of organizations that must hold, since they are connected by `and` only.
 *
 * @param own the sources of the condition's level; a column without a table belongs to the only one of them that has such a column
 */
function equalitiesIn(condition: unknown, scope: readonly Source[], own: readonly Source[]): (readonly [Side, Side])[] {
  const { BoolExpr, A_Expr } = (condition ?? {}) as Record<string, Node | undefined>;
  if (BoolExpr?.boolop === 'AND_EXPR') return asArray(BoolExpr.args).flatMap((each) => equalitiesIn(each, scope, own));
  if (A_Expr === undefined || operatorOf(A_Expr) !== '=' || !KINDS.includes(String(A_Expr.kind))) return [];
  const rights = A_Expr.kind === 'AEXPR_IN' ? asArray((A_Expr.rexpr as { List?: Node }).List?.items) : [A_Expr.rexpr as Node];
  return elementsOf(A_Expr.lexpr).flatMap((each, index) => {
    const one = sideOf(each, scope, own);
    const others = rights.map((right) => sideOf(elementsOf(right)[index], scope, own));
    const [other] = others;
    return one === null || !other || others.includes(null) ? [] : [[one, other] as const];
  });
}

/** `=`, `= any (…)` and `in (…)`. */
const KINDS: readonly string[] = ['AEXPR_OP', 'AEXPR_OP_ANY', 'AEXPR_IN'];

function operatorOf({ name }: Node): unknown {
  return (asArray(name)[0]?.String as Node | undefined)?.sval;
}

/** Returns the elements of a row value, or the value itself. */
function elementsOf(value: unknown): Node[] {
  const row = (value as { RowExpr?: Node }).RowExpr;
  return row === undefined ? [value as Node] : asArray(row.args);
}

/** Returns null for anything that is neither the column of an organization nor an expression without columns. */
function sideOf(value: unknown, scope: readonly Source[], own: readonly Source[]): Side | null {
  const { ColumnRef } = value as { ColumnRef?: Node };
  if (ColumnRef === undefined) return hasColumns(value) ? null : { alias: null };
  const names = asArray(ColumnRef.fields).map(({ String: name }) => (name as Node | undefined)?.sval);
  const column = names.at(-1);
  const candidates =
    names.length > 1 ? scope.filter(({ alias }) => alias === names[0]) : own.filter((source) => source.column === column);
  const isVariable =
    names.length === 1 && candidates.length === 0 && scope.some((each) => each.column === 'any' && each.alias === column);
  if (isVariable) return { alias: null };
  const [source] = candidates;
  const isOrganization = source !== undefined && candidates.length === 1 && (source.column === column || source.column === 'any');
  return isOrganization ? { alias: source.alias } : null;
}

function hasColumns(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return 'ColumnRef' in value || 'SubLink' in value || Object.values(value).some(hasColumns);
}

function asArray(value: unknown): Node[] {
  return Array.isArray(value) ? value : [];
}
