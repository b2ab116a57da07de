/** A currency, as the API describes it. */
export interface Currency {
  readonly id: string;
  readonly decimals: number;
}

/** An exact decimal of the API. It never becomes a number, which would lose digits. */
export type Decimal = `${number}`;

/** Shows an amount with the decimals of its currency. */
export function Money({ amount, currency }: { readonly amount: Decimal; readonly currency: Currency }) {
  return (
    <span className="money">
      {formatAmount(amount, currency)} <abbr title={nameOf(currency.id)}>{currency.id}</abbr>
    </span>
  );
}

/** Returns the amount with its currency, for texts. */
export function formatMoney(amount: Decimal, currency: Currency): string {
  return `${formatAmount(amount, currency)} ${currency.id}`;
}

/** Returns the amount without its currency. `Intl` formats strings exactly, whatever their length. */
export function formatAmount(amount: Decimal, { decimals }: Currency): string {
  return new Intl.NumberFormat('en', { minimumFractionDigits: decimals, maximumFractionDigits: decimals }).format(amount);
}

/** Returns what was typed as the API wants it: without the commas that the desk shows between thousands. */
export function typedAmount(text: string): string {
  const trimmed = text.trim();
  return /^\d{1,3}(,\d{3})+(\.\d*)?$/.test(trimmed) ? trimmed.replaceAll(',', '') : trimmed;
}

/** Whether the text is a plain decimal, so that it can be formatted. */
export function isDecimal(text: string): text is Decimal {
  return /^-?\d+(\.\d+)?$/.test(text);
}

/** Whether the text is a plain decimal above zero, as each amount and each rate is. */
export function isAboveZero(text: string): boolean {
  return isDecimal(text) && !text.startsWith('-') && /[1-9]/.test(text);
}

function nameOf(code: string): string {
  return new Intl.DisplayNames('en', { type: 'currency' }).of(code) ?? code;
}
