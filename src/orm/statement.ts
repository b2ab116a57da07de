/** A row as the database returns it: the columns by name. */
export type ResultRow = Readonly<Record<string, unknown>>;

/** A statement with the values of its parameters $1, $2, … Each connection prepares its text once. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}
