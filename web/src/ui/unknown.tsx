import { Notice } from './notice.js';

interface UnknownProps {
  /** What may have happened, such as "this refund was paid". */
  readonly what: string;
  readonly message: string;
  readonly onDiscard: () => void;
}

/** Says plainly that nobody knows whether the command was done, and what is safe now. */
export function Unknown({ what, message, onDiscard }: UnknownProps) {
  return (
    <Notice tone="warning">
      <p>
        <strong>It is not known whether {what}.</strong> {message}
      </p>
      <p>
        “Try again” is safe: it never does it twice. To give up instead, look first whether the history shows it, and then{' '}
        <button type="button" className="link" onClick={onDiscard}>
          discard this attempt
        </button>
        .
      </p>
    </Notice>
  );
}
