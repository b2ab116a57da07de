import type { Organization } from '../../entities/organization.js';
import type { Big } from '../../values/money.js';
import type { PostingDate } from '../../values/posting-date.js';
import { tidy } from '../../values/text.js';

/** The type of a command's field: which value stands for what a caller sends, so that equal commands have equal values. */
export interface FieldType<Sent, Value = Sent> {
  /**
   * @param path the field's path in the input, such as `lines.0.date`
   * @throws {InvalidInput} if what was sent has no meaning in the organization
   */
  normalize(sent: Sent, organization: Organization, path: string): Value;
}

export type Fields = Readonly<Record<string, FieldType<unknown, unknown>>>;

/** What a caller sends. An optional field may be absent. */
export type InputOf<F extends Fields> = {
  readonly [Name in RequiredIn<F>]: SentAs<F[Name]>;
} & {
  readonly [Name in Exclude<keyof F, RequiredIn<F>>]?: SentAs<F[Name]>;
};

/** What a command works with, and what its idempotency key stands for. */
export type ValuesOf<F extends Fields> = { readonly [Name in keyof F]: ReturnType<F[Name]['normalize']> };

type SentAs<T extends FieldType<unknown, unknown>> = Parameters<T['normalize']>[0];
type RequiredIn<F extends Fields> = { [Name in keyof F]: undefined extends SentAs<F[Name]> ? never : Name }[keyof F];

/** A day in the books: a date, or the day that a date-time means in the organization's time zone. */
export const postingDate: FieldType<string, PostingDate> = {
  normalize: (sent, organization, path) => organization.postingDate(sent, path),
};

/** A name, a code, a number or a reason: tidied. */
export const text: FieldType<string> = { normalize: tidy };

/** A text that is kept letter by letter, such as a note to the customer. */
export const verbatim = asSent<string>();

export const id = asSent<string>();

/** A decimal. Equal numbers are equal, however they were written. */
export const decimal = asSent<Big>();

export const flag = asSent<boolean>();

/** One of the values of an enum. */
export function oneOf<E extends string>(_enumeration: Readonly<Record<string, E>>): FieldType<E> {
  return asSent<E>();
}

/** A field that may be absent, which is the same as null. */
export function optional<Sent, Value>(type: FieldType<Sent, Value>): FieldType<Sent | null | undefined, Value | null> {
  return {
    normalize: (sent, organization, path) =>
      sent === null || sent === undefined ? null : type.normalize(sent, organization, path),
  };
}

/** A list of objects with these fields. */
export function listOf<F extends Fields>(fields: F): FieldType<readonly InputOf<F>[], readonly ValuesOf<F>[]> {
  return {
    normalize: (sent, organization, path) => sent.map((each, index) => normalize(fields, each, organization, `${path}.${index}.`)),
  };
}

function asSent<T>(): FieldType<T> {
  return { normalize: (sent) => sent };
}

/**
 * Returns the value of each field. What else the input holds is left out.
 *
 * @throws {InvalidInput} if a value has no meaning in the organization
 */
export function normalize<F extends Fields>(fields: F, input: InputOf<F>, organization: Organization, path = ''): ValuesOf<F> {
  const sent: Readonly<Record<string, unknown>> = input;
  const values = Object.entries(fields).map(([name, type]) => [name, type.normalize(sent[name], organization, `${path}${name}`)]);
  return Object.fromEntries(values) as ValuesOf<F>;
}
