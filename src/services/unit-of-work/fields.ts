import { type Organization, postingDateIn } from '../../entities/organization.js';
import { Big } from '../../values/money.js';
import type { PostingDate } from '../../values/posting-date.js';
import { tidy } from '../../values/text.js';

/** What the values of a command depend on beside its input. Of these, only the time zone ever changes. */
export type Settings = Pick<Organization, 'timeZone' | 'primaryBranchId' | 'baseCurrency'>;

/** The type of a command's field. It normalizes what a caller sends, so that equal commands have equal values. */
export interface FieldType<Sent, Value = Sent> {
  /**
   * @param path the field's path in the input, such as `lines.0.date`
   * @throws {InvalidInput} if the value is invalid
   */
  normalize(sent: Sent, settings: Settings, path: string): Value;
  /**
   * Returns what the value counts as in a comparison of commands; absent: the value itself.
   *
   * @param inBase whether the command's document is in the base currency
   */
  compared?(value: Value, inBase: boolean): unknown;
}

/** The fields of a command by name. */
export type Fields = Readonly<Record<string, FieldType<unknown, unknown>>>;

/** The input of a command, as a caller sends it. An optional field may be absent. */
export type InputOf<F extends Fields> = {
  readonly [Name in RequiredIn<F>]: SentAs<F[Name]>;
} & {
  readonly [Name in Exclude<keyof F, RequiredIn<F>>]?: SentAs<F[Name]>;
};

/** The normalized values of a command. An idempotency key is valid for these values only. */
export type ValuesOf<F extends Fields> = { readonly [Name in keyof F]: ReturnType<F[Name]['normalize']> };

type SentAs<T extends FieldType<unknown, unknown>> = Parameters<T['normalize']>[0];
type RequiredIn<F extends Fields> = { [Name in keyof F]: undefined extends SentAs<F[Name]> ? never : Name }[keyof F];

/** A posting date. A date-time becomes its day in the organization's time zone, as the PostingDate scalar documents. */
export const postingDate: FieldType<string, PostingDate> = {
  normalize: (sent, { timeZone }, path) => postingDateIn(timeZone, sent, path),
};

/** A name, a code, a number or a reason, normalized by {@link tidy}. */
export const text: FieldType<string> = { normalize: tidy };

/** A text that is stored unchanged, such as a note to the customer. */
export const verbatim = asSent<string>();

/** The same, which may be absent or null. A command with an empty text is the same. */
export const optionalVerbatim: FieldType<string | null | undefined, string | null> = {
  normalize: (sent) => sent ?? null,
  compared: (value) => value ?? '',
};

/** Id of a record, as a string. `findOwned` checks its format. */
export const id = asSent<string>();

/** A decimal number. Trailing zeros and exponents make no difference. */
export const decimal = asSent<Big>();

/** A boolean. */
export const flag = asSent<boolean>();

/** One of the values of an enum. */
export function oneOf<E extends string>(_enumeration: Readonly<Record<string, E>>): FieldType<E> {
  return asSent<E>();
}

/** A field that may be absent or null; its value is then null. */
export function optional<Sent, Value>(type: FieldType<Sent, Value>): FieldType<Sent | null | undefined, Value | null> {
  return {
    normalize: (sent, settings, path) => (sent === null || sent === undefined ? null : type.normalize(sent, settings, path)),
  };
}

/** A field that stays as it is if it is absent. Null removes it; its value is then `''`. */
export function removable<Sent, Value>(type: FieldType<Sent, Value>): FieldType<Sent | null | undefined, Value | '' | null> {
  const { normalize } = optional(type);
  return { normalize: (sent, settings, path) => (sent === null ? '' : normalize(sent, settings, path)) };
}

/** Id of a branch that may be absent: the primary branch. A command that names the primary branch is the same. */
export const branchOrPrimary: FieldType<string | null | undefined, string> = {
  normalize: (sent, { primaryBranchId }) => sent ?? String(primaryBranchId),
};

/** Code of a currency that may be absent: the base currency. A command that names the base currency is the same. */
export const currencyOrBase: FieldType<string | null | undefined, string> = {
  normalize: (sent, { baseCurrency }) => sent ?? baseCurrency,
};

/**
 * An exchange rate that may be absent: its value is then null, since only a document in the base currency has a default, which is 1. For such a
 * document, a command that names this default is the same.
 */
export const rateOrOne: FieldType<Big | null | undefined, Big | null> = {
  normalize: (sent) => sent ?? null,
  compared: (value, inBase) => value ?? (inBase ? Big('1') : null),
};

/** A list of objects with these fields. */
export function listOf<F extends Fields>(fields: F): FieldType<readonly InputOf<F>[], readonly ValuesOf<F>[]> {
  return {
    normalize: (sent, settings, path) => sent.map((each, index) => normalize(fields, each, settings, `${path}.${index}.`)),
  };
}

/** The values by which commands with an idempotency key are compared. */
export interface ComparedValues {
  /** The values if the command's document is in the base currency, or has no currency. */
  readonly values: object;
  /** The values if its document is in another currency, where an absent exchange rate has no default. */
  readonly foreignValues: object;
}

/**
 * Returns the values by which commands with an idempotency key are compared, for a document in the base currency and for one in another. An absent
 * value is the same as its default.
 */
export function comparedValues<F extends Fields>(fields: F, values: ValuesOf<F>): ComparedValues {
  const compare = (inBase: boolean) =>
    Object.fromEntries(
      Object.entries(fields).map(([name, { compared }]) => [name, compared ? compared(values[name], inBase) : values[name]]),
    );
  return { values: compare(true), foreignValues: compare(false) };
}

function asSent<T>(): FieldType<T> {
  return { normalize: (sent) => sent };
}

/**
 * Returns the normalized value of each declared field. Other properties of the input are ignored.
 *
 * @throws {InvalidInput} if a value is invalid
 */
export function normalize<F extends Fields>(fields: F, input: InputOf<F>, settings: Settings, path = ''): ValuesOf<F> {
  const sent: Readonly<Record<string, unknown>> = input;
  const values = Object.entries(fields).map(([name, type]) => [name, type.normalize(sent[name], settings, `${path}${name}`)]);
  return Object.fromEntries(values) as ValuesOf<F>;
}
