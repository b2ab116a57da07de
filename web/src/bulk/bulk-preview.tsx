import { gainInWords } from '../refund/preview-panel.js';
import type { Preview } from '../refund/use-preview.js';
import { type Currency, formatAmount, Money } from '../ui/money.js';

interface BulkPreviewProps {
  readonly preview: Preview;
  readonly currency: Currency;
  readonly base: Currency;
}

/** What one refund of the list would do, as the gateway says, or why it would be refused. */
export function BulkPreview({ preview, currency, base }: BulkPreviewProps) {
  if (preview.state === 'failed') return <span className="error">{preview.message}</span>;
  if (preview.state === 'unreadable') return <Refusals messages={preview.problems.map(({ message }) => message)} />;
  if (preview.state !== 'answered') return null;
  const { allowed, lines, remainingAfter, realizedGain, refusals, warnings } = preview.refund;
  const duplicate = duplicateIn(preview);
  const others = refusals.filter(({ code }) => code !== DUPLICATE);
  return (
    <>
      {duplicate !== null && (
        <span className="error">A possible duplicate: refund {duplicate}, which was made a moment ago, is equal.</span>
      )}
      <Refusals messages={[...others, ...warnings].map(({ message }) => message)} />
      {allowed && (
        <span className="effects">
          {lines.map(({ side, account, amount }) => `${SIDES[side]} ${account.name} ${formatAmount(amount, base)}`).join(', ')}
          {realizedGain !== null && currency.id !== base.id && `. ${gainInWords(realizedGain, base)}`}.
          {remainingAfter !== null && (
            <>
              {' '}
              Remains afterwards <Money amount={remainingAfter} currency={currency} />
            </>
          )}
        </span>
      )}
    </>
  );
}

const SIDES = { DEBIT: 'debit', CREDIT: 'credit' } as const;

const DUPLICATE = 'POSSIBLE_DUPLICATE_REFUND';

/** Returns the id of the equal refund that was made a moment ago; `null` if there is none. */
export function duplicateIn(preview: Preview): string | null {
  if (preview.state !== 'answered') return null;
  const found = preview.refund.refusals.find(({ code }) => code === DUPLICATE);
  return found === undefined ? null : String(found.details.refundId);
}

function Refusals({ messages }: { readonly messages: readonly string[] }) {
  return messages.length === 0 ? null : <span className="error">{messages.join(' ')}</span>;
}
