import { type Currency, type Decimal, formatAmount, formatMoney } from '../ui/money.js';

interface JournalLine {
  readonly side: 'DEBIT' | 'CREDIT';
  readonly amount: Decimal;
  readonly foreignAmount: Decimal | null;
  readonly foreignCurrency: Currency | null;
  readonly account: { readonly code: string; readonly name: string };
}

/** Journal lines as accountants write them, in the currency of the books. */
export function JournalTable({ lines, base }: { readonly lines: readonly JournalLine[]; readonly base: Currency }) {
  return (
    <table className="journal">
      <thead>
        <tr>
          <th scope="col">Account</th>
          <th scope="col" className="amount">
            Debit, {base.id}
          </th>
          <th scope="col" className="amount">
            Credit, {base.id}
          </th>
        </tr>
      </thead>
      <tbody>
        {lines.map(({ side, amount, foreignAmount, foreignCurrency, account }) => (
          <tr key={`${side} ${account.code}`}>
            <th scope="row">
              {account.name} <span className="code">{account.code}</span>
              {foreignAmount !== null && foreignCurrency !== null && (
                <span className="foreign">{formatMoney(foreignAmount, foreignCurrency)}</span>
              )}
            </th>
            <td className="amount">{side === 'DEBIT' && formatAmount(amount, base)}</td>
            <td className="amount">{side === 'CREDIT' && formatAmount(amount, base)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
