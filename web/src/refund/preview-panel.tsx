import { JournalTable } from '../note/journal-table.js';
import { type Currency, formatMoney, Money } from '../ui/money.js';
import { Notice } from '../ui/notice.js';
import { Duplicate } from './duplicate.js';
import type { RefundState } from './use-refund.js';
import type { FormNote, Values } from './values.js';

interface PreviewPanelProps {
  readonly note: FormNote;
  readonly base: Currency;
  readonly refund: RefundState;
}

/** What the refund would do, as the gateway says, and what it refuses that belongs to no field. */
export function PreviewPanel({ note, base, refund }: PreviewPanelProps) {
  const { preview, missing, problems, values } = refund;
  const duplicate = problems.find(({ code }) => code === 'POSSIBLE_DUPLICATE_REFUND');
  const others = problems.filter((problem) => problem !== duplicate && !isField(problem.field, values));
  const effects = preview.state === 'answered' && preview.refund.allowed ? preview.refund : null;
  const unusual = effects?.warnings.find(({ code }) => code === 'EXCHANGE_RATE_UNUSUAL');
  return (
    <section className="preview" aria-label="Preview">
      <h3>What will be booked</h3>
      {others.map(({ code, message }) => (
        <Notice key={code} tone="danger">
          {message}
        </Notice>
      ))}
      {duplicate && <Duplicate problem={duplicate} onPay={refund.payAllTheSame} />}
      {effects && <JournalTable lines={effects.lines} base={base} />}
      <div aria-live="polite" aria-busy={preview.state === 'asking'}>
        {preview.state === 'incomplete' && <p className="state">Fill in the {missing.join(' and the ')} to see it.</p>}
        {preview.state === 'asking' && <p className="state">Asking the gateway …</p>}
        {preview.state === 'failed' && <Notice tone="warning">{preview.message}</Notice>}
        {effects?.realizedGain && note.currency.id !== base.id && <p className="fx">{gainInWords(effects.realizedGain, base)}</p>}
        {effects?.remainingAfter && (
          <p className="after">
            Remains afterwards <Money amount={effects.remainingAfter} currency={note.currency} />
          </p>
        )}
        {!duplicate && problems.length > 0 && others.length === 0 && (
          <p className="state">Nothing, until the marked {problems.length === 1 ? 'field is' : 'fields are'} put right.</p>
        )}
      </div>
      {unusual && (
        <div className="asks">
          <Notice tone="warning">{unusual.message}</Notice>
          <label>
            <input
              type="checkbox"
              checked={refund.allowUnusualRate}
              onChange={({ target }) => refund.setAllowUnusualRate(target.checked)}
            />{' '}
            Yes, pay at this rate
          </label>
        </div>
      )}
    </section>
  );
}

/** @example gainInWords('-20.00', USD) // 'Exchange loss 20.00 USD' */
export function gainInWords(gain: `${number}`, base: Currency): string {
  if (/^-?0*(\.0*)?$/.test(gain)) return 'No exchange gain or loss';
  const amount = formatMoney(gain, base);
  return amount.startsWith('-') ? `Exchange loss ${amount.slice(1)}` : `Exchange gain ${amount}`;
}

function isField(field: string | null, values: Values): boolean {
  return field !== null && field in values;
}
