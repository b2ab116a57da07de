import { type FormEvent, useEffect, useRef, useState } from 'react';
import { useCommand } from '../api/use-command.js';
import {
  type HistoryFragment,
  ReverseDocument,
  type ReverseMutation,
  type ReverseMutationVariables,
} from '../generated/documents.js';
import { useMe } from '../session/use-me.js';
import { todayIn } from '../ui/day.js';
import { Dialog } from '../ui/dialog.js';
import { Field } from '../ui/field.js';
import { focusFirst } from '../ui/focus.js';
import { type Currency, formatMoney } from '../ui/money.js';
import { Notice } from '../ui/notice.js';
import { Unknown } from '../ui/unknown.js';

interface ReverseDialogProps {
  readonly refund: HistoryFragment;
  readonly currency: Currency;
  readonly onClose: () => void;
}

type Sent = Omit<ReverseMutationVariables, 'idempotencyKey'>;

/** Takes a refund back: the mirror of its journal entry is posted, and the amount remains on the note again. */
export function ReverseDialog({ refund, currency, onClose }: ReverseDialogProps) {
  const organization = useMe()?.organization;
  const { outcome, unresolved, send, discard } = useCommand<ReverseMutation, Sent>(
    ReverseDocument,
    `reversal ${organization?.id} ${refund.id}`,
  );
  const [date, setDate] = useState(unresolved?.input.date ?? todayIn(organization?.timeZone ?? 'UTC'));
  const [reason, setReason] = useState(unresolved?.input.reason ?? '');
  const form = useRef<HTMLFormElement>(null);
  const isFixed = outcome.state === 'unknown' || outcome.state === 'sending';

  const problems = outcome.state === 'refused' ? outcome.problems : [];
  const errorOf = (name: string): string | null => problems.find(({ field }) => field === name)?.message ?? null;
  const others = problems.filter(({ field }) => field !== 'date' && field !== 'reason');
  useEffect(() => {
    if (outcome.state === 'none' || outcome.state === 'refused') focusFirst(form.current);
  }, [outcome.state]);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const result = await send(unresolved ?? { input: { refundId: refund.id, date, reason } });
    if (result) onClose();
  };

  return (
    <Dialog title={`Reverse refund ${refund.id}`} onClose={onClose} isBusy={outcome.state === 'sending'}>
      <form ref={form} onSubmit={(event) => void submit(event)}>
        <p>
          {formatMoney(refund.amount, currency)} from {refund.fromAccount.name} will remain on the credit note again. Nothing is
          deleted: the mirror of its journal entry is posted. A reversal is final.
        </p>
        <Field label="Reason" error={errorOf('reason')}>
          <textarea
            name="reason"
            rows={2}
            required
            readOnly={isFixed}
            value={reason}
            onChange={({ target }) => setReason(target.value)}
          />
        </Field>
        <Field label="Date" error={errorOf('date')}>
          <input
            name="date"
            type="date"
            required
            readOnly={isFixed}
            value={date}
            onChange={({ target }) => setDate(target.value)}
          />
        </Field>
        {others.map(({ code, message }) => (
          <Notice key={code} tone="danger">
            {message}
          </Notice>
        ))}
        {outcome.state === 'unknown' && <Unknown what="the refund was reversed" message={outcome.message} onDiscard={discard} />}
        <div className="actions">
          <button type="button" onClick={onClose} disabled={outcome.state === 'sending'}>
            Keep the refund
          </button>
          <button type="submit" className="danger" disabled={outcome.state === 'sending'}>
            {outcome.state === 'unknown' ? 'Try again' : `Reverse ${formatMoney(refund.amount, currency)}`}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
