/**
 * Returns the JSON of a list whose records have parts in common, such as the same account. The text of each part is made once: it would be the largest part
 * of the work otherwise. The parts stand behind the other fields.
 */
export function textOfList<T extends object, Part extends keyof T & string>(records: readonly T[], parts: readonly Part[]): string {
  const texts = new Map<unknown, string>();
  const textOf = (part: unknown): string => {
    const known = texts.get(part);
    if (known !== undefined) return known;
    const text = JSON.stringify(part);
    texts.set(part, text);
    return text;
  };
  const without = Object.fromEntries(parts.map((part) => [part, undefined]));
  const textOfRecord = (record: T): string => {
    const own = JSON.stringify({ ...record, ...without });
    return `${own.slice(0, -1)},${parts.map((part) => `"${part}":${textOf(record[part])}`).join(',')}}`;
  };
  return `[${records.map(textOfRecord).join(',')}]`;
}
