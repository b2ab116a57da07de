import type { OperationVariables, TypedDocumentNode } from '@apollo/client';
import { useApolloClient } from '@apollo/client/react';
import { useRef, useState } from 'react';
import { forgetAttempt, keepAttempt, keptAttempt } from './attempts.js';
import { inWords, isTurnedAway, isUndecided, type Problem, problemsOf } from './errors.js';

/** What has become of a command. */
export type Outcome =
  | { readonly state: 'none' }
  | { readonly state: 'sending' }
  /** Nothing was written. */
  | { readonly state: 'refused'; readonly problems: readonly Problem[] }
  /** No reply has said whether it was done. To send the same again is safe. */
  | { readonly state: 'unknown'; readonly message: string }
  | { readonly state: 'done' };

export interface Result<Data> {
  readonly data: Data;
  /** Whether an earlier attempt had done it already, and this one did nothing. */
  readonly isReplay: boolean;
}

export interface Command<Data, Variables> {
  readonly outcome: Outcome;
  /** The variables of an attempt whose outcome is unknown, perhaps from before the page was loaded again. */
  readonly unresolved: Variables | null;
  /** Sends the command, and returns its result; `null` if there is none, as {@link outcome} then says. */
  readonly send: (variables: Variables) => Promise<Result<Data> | null>;
  /** Gives an attempt up whose outcome is unknown. What is sent next is another command. */
  readonly discard: () => void;
}

/**
 * A mutation that is executed once, however often it is sent. Its idempotency key is made when the dialog opens, and stays until the outcome is
 * known, even if the page is loaded again in between: the gateway returns the first result for a key that it has seen. A refusal stores nothing, so
 * the key serves the corrected values, too.
 *
 * @param name of the attempt: what the command changes, such as `refund of credit note 2`
 */
export function useCommand<Data, Variables extends OperationVariables>(
  mutation: TypedDocumentNode<Data, Variables & { idempotencyKey: string }>,
  name: string,
): Command<Data, Variables> {
  const client = useApolloClient();
  const [attempt, setAttempt] = useState(() => keptAttempt<Variables>(name) ?? { key: newKey(), variables: null });
  const [outcome, setOutcome] = useState<Outcome>(attempt.variables ? LEFT : { state: 'none' });
  // A second click may come before the button is drawn as disabled.
  const isSending = useRef(false);

  const send = async (variables: Variables): Promise<Result<Data> | null> => {
    if (isSending.current) return null;
    isSending.current = true;
    setOutcome({ state: 'sending' });
    const { key } = attempt;
    keepAttempt(name, key, variables);
    const reply = await client.mutate({ mutation, variables: { ...variables, idempotencyKey: key } });
    isSending.current = false;
    const { error } = reply;
    const isRetry = attempt.variables !== null;
    if (error && (isUndecided(error) || (isRetry && isTurnedAway(error)))) {
      setAttempt({ key, variables });
      setOutcome({ state: 'unknown', message: inWords(error) });
      return null;
    }
    forgetAttempt(name);
    setAttempt({ key, variables: null });
    setOutcome(error ? { state: 'refused', problems: problemsOf(error) } : { state: 'done' });
    return reply.data && !error ? { data: reply.data, isReplay: isReplay(reply.extensions) } : null;
  };

  const discard = (): void => {
    forgetAttempt(name);
    setAttempt({ key: newKey(), variables: null });
    setOutcome({ state: 'none' });
  };
  return { outcome, unresolved: attempt.variables, send, discard };
}

const LEFT: Outcome = { state: 'unknown', message: 'The page was left before the reply had come.' };

/** Returns a random key. (`crypto.randomUUID` exists on secure origins only.) */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function isReplay(extensions: Record<string, unknown> | undefined): boolean {
  const idempotency = extensions?.idempotency;
  return typeof idempotency === 'object' && idempotency !== null && 'replayed' in idempotency && idempotency.replayed === true;
}
