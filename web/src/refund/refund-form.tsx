import { type FormEvent, useEffect, useRef, useState } from 'react';
import type { BranchesQuery } from '../generated/documents.js';
import type { Organization } from '../session/use-me.js';
import { focusFirst } from '../ui/focus.js';
import { Confirmation } from './confirmation.js';
import { Fields } from './fields.js';
import { PreviewPanel } from './preview-panel.js';
import { useRefund } from './use-refund.js';
import type { FormNote } from './values.js';

interface RefundFormProps {
  readonly note: FormNote;
  readonly branches: BranchesQuery['branches']['nodes'];
  readonly organization: Organization;
  /** Reads again what remains of the note. */
  readonly onReread: () => void;
  readonly onBusy: (isBusy: boolean) => void;
}

/** The values of a refund beside its preview, and then its confirmation. */
export function RefundForm({ note, branches, organization, onReread, onBusy }: RefundFormProps) {
  const refund = useRefund(note, organization, onReread);
  const { outcome, preview, isReady } = refund;
  const form = useRef<HTMLFormElement>(null);
  const isOpenAttempt = outcome.state === 'unknown' || outcome.state === 'sending';
  const [isConfirming, setConfirming] = useState(isOpenAttempt);
  // "Continue" was pressed, and waits for the answer about the present values.
  const [isContinuing, setContinuing] = useState(false);

  useEffect(() => onBusy(outcome.state === 'sending'), [onBusy, outcome.state]);
  useEffect(() => {
    if (outcome.state === 'refused') setConfirming(false);
  }, [outcome.state]);
  useEffect(() => {
    if (!isConfirming) focusFirst(form.current);
  }, [isConfirming]);
  useEffect(() => {
    if (!isContinuing || preview.state === 'asking') return;
    setContinuing(false);
    if (isReady) setConfirming(true);
    else focusFirst(form.current);
  }, [isContinuing, preview.state, isReady]);

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    refund.clear();
    setContinuing(true);
  };

  if (isConfirming) {
    return <Confirmation note={note} organization={organization} refund={refund} onBack={() => setConfirming(false)} />;
  }
  return (
    <form ref={form} className="refund" onSubmit={submit}>
      <Fields note={note} branches={branches} base={organization.currency} refund={refund} />
      <PreviewPanel note={note} base={organization.currency} refund={refund} />
      <div className="actions">
        <button type="submit" className="primary" disabled={isContinuing}>
          {isContinuing ? 'Checking …' : 'Continue'}
        </button>
      </div>
    </form>
  );
}
