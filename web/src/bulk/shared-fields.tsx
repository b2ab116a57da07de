import type { Problem } from '../api/errors.js';
import type { PayingAccountsQuery } from '../generated/documents.js';
import { Field } from '../ui/field.js';
import type { BulkValues } from './use-bulk.js';

interface SharedFieldsProps {
  /** Those that can pay all of the refunds. */
  readonly accounts: PayingAccountsQuery['accounts']['nodes'];
  /** Code of the base currency. */
  readonly base: string;
  readonly values: BulkValues;
  readonly problems: readonly Problem[];
  readonly onChange: (changed: Partial<BulkValues>) => void;
}

/** What all refunds share. */
export function SharedFields({ accounts, base, values, problems, onChange }: SharedFieldsProps) {
  return (
    <fieldset className="fields shared">
      <legend className="unseen">For all of them</legend>
      <Field label="From account" error={sharedError(problems, 'fromAccountId')}>
        <select required value={values.fromAccountId} onChange={({ target }) => onChange({ fromAccountId: target.value })}>
          {accounts.map(({ id, code, name, currencyCode }) => (
            <option key={id} value={id}>
              {name} · {code}
              {currencyCode !== base && `, ${currencyCode}`}
            </option>
          ))}
        </select>
      </Field>
      <Field label="Date" error={sharedError(problems, 'date')}>
        <input type="date" required value={values.date} onChange={({ target }) => onChange({ date: target.value })} />
      </Field>
      <Field label="Reference" error={sharedError(problems, 'referenceNo')}>
        <input autoComplete="off" value={values.referenceNo} onChange={({ target }) => onChange({ referenceNo: target.value })} />
      </Field>
      <Field label="Statement" error={sharedError(problems, 'description')}>
        <input autoComplete="off" value={values.description} onChange={({ target }) => onChange({ description: target.value })} />
      </Field>
    </fieldset>
  );
}

/** Returns the server's words about a field that all refunds share. The gateway names the refund, too: `inputs.1.date`. */
function sharedError(problems: readonly Problem[], name: string): string | null {
  return problems.find(({ field }) => field?.endsWith(`.${name}`))?.message ?? null;
}
