/** The names of fields and parameters. Legacy clients write them in any case, replies have snake_case. */

/** @example snakeCase('fromAccountId') // 'from_account_id' */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** @example camelCase('from_account_id') // 'fromAccountId' */
export function camelCase(key: string): string {
  const words = key
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[-_\s]+/);
  const [first = '', ...rest] = words.filter((word) => word !== '');
  return first + rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

/**
 * Returns the parameters of a query string by their names in camelCase. One that is repeated, also in two spellings, is an array, as is one with brackets.
 *
 * @example parametersIn({ page_size: '2', 'filter_roles[0][value]': 'open' }) // { pageSize: '2', filterRoles: ['open'] }
 */
export function parametersIn(queryString: unknown): Readonly<Record<string, unknown>> {
  const sent = Object.entries(queryString as Readonly<Record<string, unknown>>).map(([name, value]) => {
    const [plain = ''] = name.split('[');
    return { name: camelCase(plain), value, isPlain: plain === name };
  });
  return Object.fromEntries(
    [...Map.groupBy(sent, ({ name }) => name)].map(([name, given]) => {
      const [first] = given;
      return [name, given.length === 1 && first?.isPlain ? first.value : given.flatMap(({ value }) => value)];
    }),
  );
}
