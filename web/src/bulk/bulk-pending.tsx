import { Unknown } from '../ui/unknown.js';
import type { Bulk } from './use-bulk.js';

/** A list whose reply has not come, perhaps from before the page was loaded again. */
export function BulkPending({ bulk, onClose }: { readonly bulk: Bulk; readonly onClose: () => void }) {
  const { unresolved, outcome, pay, discard } = bulk;
  if (unresolved === null) return null;
  const isSending = outcome.state === 'sending';
  const giveUp = (): void => {
    discard();
    onClose();
  };
  return (
    <div className="confirmation">
      {outcome.state === 'unknown' && (
        <Unknown what={`these ${unresolved.inputs.length} refunds were paid`} message={outcome.message} onDiscard={giveUp} />
      )}
      <div className="actions">
        <button type="button" className="primary" disabled={isSending} onClick={() => void pay(unresolved)}>
          {isSending ? 'Paying …' : 'Try again'}
        </button>
      </div>
    </div>
  );
}
