import { useEffect, useRef } from 'react';
import type { Organization } from '../session/use-me.js';
import { Day } from '../ui/day.js';
import { formatMoney, isDecimal, Money, typedAmount } from '../ui/money.js';
import { Unknown } from '../ui/unknown.js';
import type { RefundState } from './use-refund.js';
import type { FormNote } from './values.js';

interface ConfirmationProps {
  readonly note: FormNote;
  readonly organization: Organization;
  readonly refund: RefundState;
  readonly onBack: () => void;
}

/** The last look before the money leaves. Pressing twice, or again after the network was cut, pays once. */
export function Confirmation({ note, organization, refund, onBack }: ConfirmationProps) {
  const { values, outcome, preview } = refund;
  const question = useRef<HTMLHeadingElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  // The question takes the focus, and not the button: pressing Enter twice must not pay.
  useEffect(() => question.current?.focus(), []);
  // A button that was disabled has lost the focus.
  useEffect(() => {
    if (outcome.state === 'unknown') button.current?.focus();
  }, [outcome.state]);
  const amount = typedAmount(values.amount);
  const inWords = isDecimal(amount) ? formatMoney(amount, note.currency) : amount;
  const account = note.refundability.accounts.find(({ id }) => id === values.fromAccountId);
  const remainingAfter = preview.state === 'answered' ? preview.refund.remainingAfter : null;
  const isForeign = note.currency.id !== organization.currency.id;
  const giveUp = (): void => {
    refund.discard();
    onBack();
  };
  return (
    <div className="confirmation">
      <h3 ref={question} tabIndex={-1} className="paid">
        {outcome.state === 'unknown' ? `Refund of ${inWords}` : `Pay ${inWords}?`}
      </h3>
      <dl className="facts">
        <div>
          <dt>To</dt>
          <dd>{note.customer.displayName}</dd>
        </div>
        <div>
          <dt>From</dt>
          <dd>{account?.name ?? `account ${values.fromAccountId}`}</dd>
        </div>
        <div>
          <dt>Date</dt>
          <dd>
            <Day date={values.date} />
          </dd>
        </div>
        {isForeign && (
          <div>
            <dt>Exchange rate</dt>
            <dd>{values.exchangeRate}</dd>
          </div>
        )}
        {values.referenceNo !== '' && (
          <div>
            <dt>Reference</dt>
            <dd>{values.referenceNo}</dd>
          </div>
        )}
        {remainingAfter !== null && (
          <div>
            <dt>Remains afterwards</dt>
            <dd>
              <Money amount={remainingAfter} currency={note.currency} />
            </dd>
          </div>
        )}
      </dl>
      {outcome.state === 'unknown' && <Unknown what="this refund was paid" message={outcome.message} onDiscard={giveUp} />}
      <div className="actions">
        {outcome.state !== 'unknown' && (
          <button type="button" onClick={onBack} disabled={outcome.state === 'sending'}>
            Back
          </button>
        )}
        <button
          ref={button}
          type="button"
          className="primary"
          onClick={() => void refund.pay()}
          disabled={outcome.state === 'sending'}
        >
          {labelOf(outcome.state, inWords)}
        </button>
      </div>
    </div>
  );
}

function labelOf(state: RefundState['outcome']['state'], amount: string): string {
  if (state === 'sending') return 'Paying …';
  return state === 'unknown' ? 'Try again' : `Pay ${amount}`;
}
