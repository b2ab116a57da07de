import type { ErrorLike, TypedDocumentNode } from '@apollo/client';
import { useApolloClient } from '@apollo/client/react';
import { useCallback, useEffect, useState } from 'react';

interface Page<Item> {
  readonly nodes: readonly Item[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

interface WholeList<Item> {
  /** Absent until the last page has come. */
  readonly items?: Item[];
  readonly error?: ErrorLike | undefined;
  readonly retry: () => void;
}

/**
 * Reads a list to its end, page by page: what people choose from must be complete.
 *
 * @param pageOf a constant function
 */
export function useEveryPage<Data, Item>(
  query: TypedDocumentNode<Data, { after?: string | null | undefined }>,
  pageOf: (data: Data) => Page<Item>,
): WholeList<Item> {
  const client = useApolloClient();
  const [list, setList] = useState<Omit<WholeList<Item>, 'retry'>>({});
  const read = useCallback(
    async (signal?: AbortSignal): Promise<void> => {
      setList({});
      const items: Item[] = [];
      let after: string | null = null;
      do {
        const { data, error }: { data?: unknown; error?: ErrorLike } = await client.query({
          query,
          variables: { after },
          fetchPolicy: 'network-only',
        });
        if (signal?.aborted) return;
        if (!data) return setList({ error });
        const { nodes, pageInfo }: Page<Item> = pageOf(data as Data);
        items.push(...nodes);
        after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
      } while (after !== null);
      setList({ items });
    },
    [client, query, pageOf],
  );
  useEffect(() => {
    const abort = new AbortController();
    void read(abort.signal);
    return () => abort.abort();
  }, [read]);
  return { ...list, retry: () => void read() };
}
