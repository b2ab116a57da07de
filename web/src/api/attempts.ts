/** A command that was sent and has no reply yet. */
export interface Attempt<Variables> {
  readonly key: string;
  readonly variables: Variables;
}

/** Keeps the attempt in this tab's storage, so that it can be sent again with its key after the page was loaded again. */
export function keepAttempt<Variables>(name: string, attempt: Attempt<Variables>): void {
  sessionStorage.setItem(stored(name), JSON.stringify(attempt));
}

export function keptAttempt<Variables>(name: string): Attempt<Variables> | null {
  const text = sessionStorage.getItem(stored(name));
  return text === null ? null : JSON.parse(text);
}

export function forgetAttempt(name: string): void {
  sessionStorage.removeItem(stored(name));
}

function stored(name: string): string {
  return `desk.attempt ${name}`;
}
