import { keptAttempt } from '../api/attempts.js';
import { Notice } from './notice.js';

interface OpenAttemptProps {
  readonly name: string;
  /** What was sent, such as "A refund of this credit note". */
  readonly what: string;
  readonly onOpen: () => void;
}

/** Reminds of a command that was sent before the page was left, and whose reply has not been seen. */
export function OpenAttempt({ name, what, onOpen }: OpenAttemptProps) {
  if (keptAttempt(name) === null) return null;
  return (
    <Notice tone="warning">
      <p>{what} was sent, and its reply has not been seen.</p>
      <button type="button" onClick={onOpen}>
        Find out …
      </button>
    </Notice>
  );
}
