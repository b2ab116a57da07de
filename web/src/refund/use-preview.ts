import type { ApolloClient, ErrorLike } from '@apollo/client';
import { useApolloClient } from '@apollo/client/react';
import { useEffect, useState } from 'react';
import { inWords, type Problem, problemsOf } from '../api/errors.js';
import { PreviewDocument, type PreviewQuery, type PreviewQueryVariables } from '../generated/documents.js';

export type PreviewedRefund = PreviewQuery['previewRefund'];

export type Preview =
  | { readonly state: 'incomplete' }
  | { readonly state: 'asking' }
  | { readonly state: 'answered'; readonly refund: PreviewedRefund }
  /** The values cannot even be read, such as an amount with letters, or a reference that is too long. */
  | { readonly state: 'unreadable'; readonly problems: readonly Problem[] }
  | { readonly state: 'failed'; readonly message: string };

/** The gateway is asked this long after the last change. */
const SETTLED_MS = 300;

/** An answer, with the question that it answers. */
interface Answer {
  readonly question: string;
  readonly preview: Preview;
}

/**
 * Asks the gateway what the refund would do, once the person has stopped typing. An answer is shown for exactly the values that were asked: a
 * change of them aborts the request, and hides an older answer at once.
 *
 * @param variables of the question; `null` while the form is incomplete
 * @param attempt changes when the same question is to be asked again
 */
export function usePreview(variables: PreviewQueryVariables | null, attempt: number): Preview {
  const client = useApolloClient();
  const question = variables && JSON.stringify({ ...variables, attempt });
  const [answer, setAnswer] = useState<Answer | null>(null);

  useEffect(() => {
    if (question === null) return;
    const abort = new AbortController();
    const ask = async (): Promise<void> => {
      const preview = await askPreview(client, JSON.parse(question), abort.signal);
      if (preview !== null) setAnswer({ question, preview });
    };
    const timer = setTimeout(() => void ask(), SETTLED_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [client, question]);

  if (question === null) return { state: 'incomplete' };
  return answer?.question === question ? answer.preview : { state: 'asking' };
}

/** Asks the gateway once; returns `null` if the question was given up meanwhile. */
export async function askPreview(
  client: ApolloClient,
  variables: PreviewQueryVariables,
  signal: AbortSignal,
): Promise<Preview | null> {
  const { data, error } = await client.query({
    query: PreviewDocument,
    variables,
    fetchPolicy: 'no-cache',
    context: { queryDeduplication: false, fetchOptions: { signal } },
  });
  if (signal.aborted) return null;
  if (data) return { state: 'answered', refund: data.previewRefund };
  return error ? refused(error) : null;
}

function refused(error: ErrorLike): Preview {
  const problems = problemsOf(error);
  if (problems.some(({ field }) => field !== null)) return { state: 'unreadable', problems };
  return { state: 'failed', message: inWords(error) };
}
