/** A command that was sent and has no reply yet. */
interface Attempt<Variables> {
  readonly key: string;
  readonly variables: Variables;
}

/** The gateway forgets a key after 30 days. What is sent with it later would be done once more. */
const KEPT_MS = 29 * 24 * 60 * 60 * 1000;

/** Keeps the attempt in this tab's storage, so that it can be sent again with its key after the page was loaded again. */
export function keepAttempt<Variables>(name: string, key: string, variables: Variables): void {
  sessionStorage.setItem(stored(name), JSON.stringify({ key, variables, sentAt: Date.now() }));
}

export function keptAttempt<Variables>(name: string): Attempt<Variables> | null {
  const text = sessionStorage.getItem(stored(name));
  if (text === null) return null;
  const { sentAt, ...attempt } = JSON.parse(text);
  return Date.now() - sentAt < KEPT_MS ? attempt : null;
}

export function forgetAttempt(name: string): void {
  sessionStorage.removeItem(stored(name));
}

function stored(name: string): string {
  return `desk.attempt ${name}`;
}
