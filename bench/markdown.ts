/** A table, whose columns but the first hold numbers. */
export function rows(head: readonly string[], body: readonly (readonly string[])[]): string {
  return [head, head.map((_, index) => (index === 0 ? '---' : '--:')), ...body]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

/** Rounds to three digits, which is more precise than the measurement. */
export function number(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  if (value >= 100) return value.toFixed(0);
  return String(Number(value.toPrecision(3)));
}

/** A part of a whole. */
export function percent(share: number | null): string {
  return share === null ? '–' : `${Math.round(share * 100)} %`;
}
