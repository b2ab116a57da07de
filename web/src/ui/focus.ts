/** Puts the focus where a person begins: at the first field that is refused, else at what is to be decided, else at the first field. */
export function focusFirst(form: HTMLElement | null): void {
  const places = ['[aria-invalid="true"]', '.asks input, .asks button', 'input, select, textarea'];
  const found = places.map((place) => form?.querySelector<HTMLElement>(place)).find((element) => element);
  found?.focus();
  if (found instanceof HTMLInputElement) found.select();
}
