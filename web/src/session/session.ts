import { useSyncExternalStore } from 'react';

/** What a request proves its sender with. A JWT names no organization, so that needs the header. */
export interface Credential {
  readonly token: string;
  readonly organizationId: string | null;
}

interface Session {
  readonly credential: Credential | null;
  /** Why nobody is signed in any more; `null` if nobody has been. */
  readonly reason: string | null;
}

const STORED = 'desk.credential';
const listeners = new Set<() => void>();
let session: Session = { credential: stored(), reason: null };

/** Returns who is signed in, and renders again when that changes. */
export function useSession(): Session {
  return useSyncExternalStore(subscribe, () => session);
}

export function signIn(credential: Credential): void {
  sessionStorage.setItem(STORED, JSON.stringify(credential));
  change({ credential, reason: null });
}

/** Forgets the credential, and everything else that this tab has stored. */
export function signOut(): void {
  sessionStorage.clear();
  change({ credential: null, reason: 'You are signed out.' });
}

/** Forgets the credential if it is the present one, since the gateway no longer accepts it. What else is stored stays for the next one. */
export function endSession(credential: Credential, reason: string): void {
  if (session.credential !== credential) return;
  sessionStorage.removeItem(STORED);
  change({ credential: null, reason });
}

/** Asks a gateway in demo mode for the demo's key. Returns `null` where there is no demo. */
export async function demoCredential(): Promise<Credential | null> {
  const reply = await fetch('/desk/session', { method: 'POST' }).catch(() => null);
  if (reply?.status !== 200) return null;
  const { apiKey }: { apiKey: string } = await reply.json();
  return { token: apiKey, organizationId: null };
}

export function headersOf({ token, organizationId }: Credential): Record<string, string> {
  return { authorization: `Bearer ${token}`, ...(organizationId !== null && { 'organization-id': organizationId }) };
}

function change(next: Session): void {
  session = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function stored(): Credential | null {
  const text = sessionStorage.getItem(STORED);
  return text === null ? null : JSON.parse(text);
}
