import { useQuery } from '@apollo/client/react';
import type { ReactNode } from 'react';
import { ReceiptDocument, type ReceiptPartsFragment } from '../generated/documents.js';
import { JournalTable } from '../note/journal-table.js';
import { Link, PageHeading } from '../router.js';
import { useMe } from '../session/use-me.js';
import { Day, Moment } from '../ui/day.js';
import { Money } from '../ui/money.js';
import { Notice } from '../ui/notice.js';
import { Failed, Loading } from '../ui/states.js';

interface ReceiptPageProps {
  readonly id: string;
  /** Whether the person comes from the payment: `now`, or `before` if an earlier attempt had paid already. */
  readonly paid: string | null;
}

/** The receipt of a refund. After a refund it comes from the cache, which the mutation's reply has filled: no request is waited for. */
export function ReceiptPage({ id, paid }: ReceiptPageProps) {
  const { data, loading, error, refetch } = useQuery(ReceiptDocument, { variables: { id } });
  const refund = data?.refund;
  return (
    <>
      {refund && (
        <nav aria-label="Where you are">
          ‹ <Link to="">Credit notes</Link> › <Link to={`credit-notes/${refund.creditNote.id}`}>{refund.creditNote.number}</Link>
        </nav>
      )}
      {error && <Failed error={error} onRetry={() => void refetch()} />}
      {!refund && loading && <Loading what="the receipt" />}
      {refund && paid === 'now' && <Notice tone="good">The refund is paid and booked.</Notice>}
      {refund && paid === 'before' && (
        <Notice tone="good">
          Your first attempt had reached the gateway: this refund was paid then, and nothing was paid a second time.
        </Notice>
      )}
      {refund && <Receipt refund={refund} />}
      {refund === null && <PageHeading title="There is no such refund" />}
    </>
  );
}

function Receipt({ refund }: { readonly refund: ReceiptPartsFragment }) {
  const organization = useMe()?.organization;
  const { currency, creditNote, reversal } = refund;
  const isForeign = organization !== undefined && currency.id !== organization.currency.id;
  return (
    <article className="receipt">
      <p className="issuer">{organization?.name}</p>
      <PageHeading title={`Receipt of refund ${refund.id}`}>Refund {refund.id}</PageHeading>
      {reversal && (
        <p className="stamp">
          Reversed on <Day date={reversal.date} />: {reversal.reason}
        </p>
      )}
      <p className="paid">
        <Money amount={refund.amount} currency={currency} />
      </p>
      <dl className="facts">
        <Fact name="Paid to">
          {creditNote.customer.displayName}
          {creditNote.customer.email && <span className="email">{creditNote.customer.email}</span>}
        </Fact>
        <Fact name="Credit note">{creditNote.number}</Fact>
        <Fact name="Date">
          <Day date={refund.date} />
        </Fact>
        <Fact name="From">{refund.fromAccount.name}</Fact>
        <Fact name="Branch">{refund.branch.name}</Fact>
        {refund.referenceNo !== '' && <Fact name="Reference">{refund.referenceNo}</Fact>}
        {refund.description !== '' && <Fact name="Statement">{refund.description}</Fact>}
        {isForeign && <Fact name="Exchange rate">{refund.exchangeRate}</Fact>}
        {isForeign && (
          <Fact name="Left the account">
            <Money amount={refund.paidAmount} currency={organization.currency} />
          </Fact>
        )}
        <Fact name="Still remains">
          <Money amount={creditNote.remaining} currency={currency} />
        </Fact>
      </dl>
      {organization && (
        <section>
          <h2>Journal entry {refund.journalEntry.id}</h2>
          <JournalTable lines={refund.journalEntry.lines} base={organization.currency} />
        </section>
      )}
      <p className="made">
        Recorded <Moment time={refund.createdAt} /> by {refund.createdBy}
      </p>
      <div className="actions">
        <button type="button" className="primary" onClick={() => print()}>
          Print
        </button>
        <Link to={`credit-notes/${creditNote.id}`} className="button">
          Back to {creditNote.number}
        </Link>
      </div>
    </article>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
