import { Type } from '@sinclair/typebox';

/** The types of fields in the replies of the legacy API. A reply's TypeScript type and its schema in the OpenAPI document come from one declaration. */

export const id = Type.Integer({ minimum: 1 });
export const number = Type.Number();
export const count = Type.Integer({ minimum: 0 });
export const text = Type.String();
export const yesNo = Type.Boolean();

/** Whether it is so, as the legacy API's database has it. */
export const flag = Type.Unsafe<0 | 1>({ type: 'integer', enum: [0, 1] });

export const time = Type.String({ format: 'date-time' });

/** A date as the legacy API writes it. */
export const midnightUtc = Type.String({
  format: 'date-time',
  description: 'Midnight UTC of the day',
  examples: ['2026-02-01T00:00:00.000Z'],
});

export const monthFirstDate = Type.String({ examples: ['02/01/2026'] });

export const amountText = Type.String({ examples: ['1,234.50'] });

export const currencyCode = Type.String({ description: 'ISO 4217', examples: ['USD'] });

/** The value of a feature that the gateway lacks. */
export const nothing = Type.Null();

export const textOrNull = Type.Unsafe<string | null>({ type: ['string', 'null'] });
export const numberOrNull = Type.Unsafe<number | null>({ type: ['number', 'null'] });
export const timeOrNull = Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time' });

/** The declaration of a field that always has this value. */
export function always<const Value extends string | number | boolean>(value: Value) {
  return Type.Literal(value);
}

/** The declaration of a field that has one of these values. */
export function oneOf<const Value extends string>(values: readonly Value[]) {
  return Type.Unsafe<Value>({ type: 'string', enum: [...values] });
}

/** The same declaration, or the same value, for each name. */
export function forEach<const Name extends string, Value>(names: readonly Name[], value: Value): Readonly<Record<Name, Value>> {
  return Object.fromEntries(names.map((name) => [name, value])) as Record<Name, Value>;
}
