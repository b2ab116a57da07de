import { type FormEvent, useEffect, useRef, useState } from 'react';
import type { Problem } from '../api/errors.js';
import type { PayingAccountsQuery, SelectedNoteFragment } from '../generated/documents.js';
import { wrongNumbers } from '../refund/values.js';
import type { Organization } from '../session/use-me.js';
import { todayIn } from '../ui/day.js';
import { focusFirst } from '../ui/focus.js';
import { Notice } from '../ui/notice.js';
import { BulkConfirmation } from './bulk-confirmation.js';
import { BulkTable } from './bulk-table.js';
import { SharedFields } from './shared-fields.js';
import { type Bulk, type BulkValues, toInputs } from './use-bulk.js';

interface BulkFormProps {
  readonly notes: readonly SelectedNoteFragment[];
  readonly accounts: PayingAccountsQuery['accounts']['nodes'];
  readonly organization: Organization;
  readonly bulk: Bulk;
  readonly onClose: () => void;
}

/** What all refunds share, and the amount of each. */
export function BulkForm({ notes, accounts, organization, bulk, onClose }: BulkFormProps) {
  const base = organization.currency.id;
  const refundable = notes.filter(({ refundability }) => refundability.allowed);
  const usable = accounts.filter(
    ({ type, currencyCode }) =>
      (type !== 'CREDIT_CARD' || organization.creditCardRefunds) &&
      refundable.every(({ currency }) => currencyCode === base || currencyCode === currency.id),
  );
  const [values, setValues] = useState<BulkValues>(() => ({
    fromAccountId: usable[0]?.id ?? '',
    date: todayIn(organization.timeZone),
    referenceNo: '',
    description: '',
    mode: 'ATOMIC',
    allowUnusualRate: false,
    amounts: Object.fromEntries(refundable.map(({ id, refundability }) => [id, refundability.maxAmount])),
    rates: {},
  }));
  const [isConfirming, setConfirming] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const change = (changed: Partial<BulkValues>): void => setValues((before) => ({ ...before, ...changed }));

  const { outcome } = bulk;
  const isSending = outcome.state === 'sending';
  // What was refused, until something of it is changed.
  const [refused, setRefused] = useState<BulkValues | null>(null);
  const problems = outcome.state === 'refused' && refused === values ? outcome.problems : [];
  useEffect(() => {
    if (outcome.state === 'refused') setConfirming(false);
  }, [outcome.state]);
  useEffect(() => {
    if (!isConfirming) focusFirst(form.current);
  }, [isConfirming]);

  const inputs = toInputs(refundable, base, values);
  const wrong = inputs.flatMap((input, index) =>
    wrongNumbers(input).map((problem) => ({ ...problem, field: `inputs.${index}.${problem.field}` })),
  );
  const pay = (): void => {
    setRefused(values);
    void bulk.pay({ inputs, mode: values.mode, allowUnusualRate: values.allowUnusualRate });
  };
  if (isConfirming) {
    const account = usable.find(({ id }) => id === values.fromAccountId)?.name ?? '';
    const back = (): void => setConfirming(false);
    return (
      <BulkConfirmation
        {...{ notes: refundable, inputs, account, base: organization.currency, values, isSending }}
        onBack={back}
        onPay={pay}
      />
    );
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (wrong.length === 0) setConfirming(true);
    else focusFirst(form.current);
  };

  return (
    <form ref={form} className="bulk" onSubmit={submit}>
      {problems.length > 0 && (
        <Notice tone="danger">
          <p>Nothing was paid.</p>
          {withoutField(problems).map(({ code, message }) => (
            <p key={code}>{message}</p>
          ))}
        </Notice>
      )}
      <SharedFields {...{ accounts: usable, base, values, problems }} onChange={change} />
      <BulkTable notes={notes} base={organization.currency} values={values} problems={[...problems, ...wrong]} onChange={change} />
      <fieldset className="choice">
        <legend>If one of them is refused</legend>
        <label>
          <input type="radio" name="mode" checked={values.mode === 'ATOMIC'} onChange={() => change({ mode: 'ATOMIC' })} /> pay none
        </label>
        <label>
          <input type="radio" name="mode" checked={values.mode === 'PER_ITEM'} onChange={() => change({ mode: 'PER_ITEM' })} /> pay
          the others
        </label>
      </fieldset>
      {(values.allowUnusualRate || problems.some(({ code }) => code === 'EXCHANGE_RATE_UNUSUAL')) && (
        <label>
          <input
            type="checkbox"
            checked={values.allowUnusualRate}
            onChange={({ target }) => change({ allowUnusualRate: target.checked })}
          />{' '}
          Yes, pay at these rates
        </label>
      )}
      <div className="actions">
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" className="primary" disabled={refundable.length === 0}>
          Continue
        </button>
      </div>
    </form>
  );
}

function withoutField(problems: readonly Problem[]): readonly Problem[] {
  return problems.filter(({ field }) => field === null || !field.startsWith('inputs.'));
}
