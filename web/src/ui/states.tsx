import type { ErrorLike } from '@apollo/client';
import { inWords } from '../api/errors.js';
import { Notice } from './notice.js';

/** What a page shows while it has nothing else. */
export function Loading({ what }: { readonly what: string }) {
  return (
    <p className="state" role="status">
      Loading {what} …
    </p>
  );
}

/** A read that failed: why, and a way to try it again. */
export function Failed({ error, onRetry }: { readonly error: ErrorLike; readonly onRetry: () => void }) {
  return (
    <Notice tone="danger">
      <p>{inWords(error)}</p>
      <button type="button" onClick={onRetry}>
        Try again
      </button>
    </Notice>
  );
}
