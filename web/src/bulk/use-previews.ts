import { useApolloClient } from '@apollo/client/react';
import { useEffect, useState } from 'react';
import type { RefundCreditNoteInput } from '../generated/documents.js';
import { askPreview, type Preview } from '../refund/use-preview.js';

/** Asks the gateway what each refund would do, one after the other. A refund without an answer yet has no entry. */
export function usePreviews(inputs: readonly RefundCreditNoteInput[]): readonly Preview[] {
  const client = useApolloClient();
  const questions = JSON.stringify(inputs);
  const [previews, setPreviews] = useState<readonly Preview[]>([]);
  useEffect(() => {
    const abort = new AbortController();
    const ask = async (): Promise<void> => {
      setPreviews([]);
      for (const input of JSON.parse(questions) as RefundCreditNoteInput[]) {
        const preview = await askPreview(client, { input, allowDuplicate: false }, abort.signal);
        if (preview === null) return;
        setPreviews((before) => [...before, preview]);
      }
    };
    void ask();
    return () => abort.abort();
  }, [client, questions]);
  return previews;
}
