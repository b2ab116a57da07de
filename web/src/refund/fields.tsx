import type { BranchesQuery } from '../generated/documents.js';
import { Field } from '../ui/field.js';
import { type Currency, formatMoney } from '../ui/money.js';
import type { RefundState } from './use-refund.js';
import type { FormNote, Values } from './values.js';

interface FieldsProps {
  readonly note: FormNote;
  readonly branches: BranchesQuery['branches']['nodes'];
  readonly base: Currency;
  readonly refund: RefundState;
}

/** The fields of a refund. Their names are those of the API, so that each refusal finds its field. */
export function Fields({ note, branches, base, refund: { values, change, problems } }: FieldsProps) {
  const { currency, refundability } = note;
  const errorOf = (name: keyof Values): string | null =>
    problems.flatMap(({ field, message }) => (field === name ? [message] : []))[0] ?? null;
  return (
    <div className="fields">
      <Field
        label={`Amount, ${currency.id}`}
        isBroad={currency.id === base.id}
        hint={`${formatMoney(note.remaining, currency)} remain`}
        error={errorOf('amount')}
      >
        <input
          name="amount"
          inputMode="decimal"
          autoComplete="off"
          required
          value={values.amount}
          onChange={({ target }) => change({ amount: target.value })}
        />
      </Field>
      {currency.id !== base.id && (
        <Field
          label="Exchange rate"
          hint={`${base.id} for 1 ${currency.id}; booked at ${note.exchangeRate}`}
          error={errorOf('exchangeRate')}
        >
          <input
            name="exchangeRate"
            inputMode="decimal"
            autoComplete="off"
            required
            value={values.exchangeRate}
            onChange={({ target }) => change({ exchangeRate: target.value })}
          />
        </Field>
      )}
      <Field label="From account" isBroad error={errorOf('fromAccountId')}>
        <select
          name="fromAccountId"
          required
          value={values.fromAccountId}
          onChange={({ target }) => change({ fromAccountId: target.value })}
        >
          {refundability.accounts.map(({ id, code, name, currencyCode }) => (
            <option key={id} value={id}>
              {name} · {code}
              {currencyCode !== base.id && `, ${currencyCode}`}
            </option>
          ))}
        </select>
      </Field>
      <Field label="Date" error={errorOf('date')}>
        <input name="date" type="date" required value={values.date} onChange={({ target }) => change({ date: target.value })} />
      </Field>
      <Field label="Branch" error={errorOf('branchId')}>
        <select name="branchId" value={values.branchId} onChange={({ target }) => change({ branchId: target.value })}>
          {branches.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </Field>
      <Field label="Reference" isBroad hint="Such as the number of the transfer" error={errorOf('referenceNo')}>
        <input
          name="referenceNo"
          autoComplete="off"
          value={values.referenceNo}
          onChange={({ target }) => change({ referenceNo: target.value })}
        />
      </Field>
      <Field label="Statement" isBroad hint="Why the money is paid back" error={errorOf('description')}>
        <textarea
          name="description"
          rows={2}
          value={values.description}
          onChange={({ target }) => change({ description: target.value })}
        />
      </Field>
    </div>
  );
}
