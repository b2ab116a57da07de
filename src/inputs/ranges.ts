import { IsOptional } from 'class-validator';
import { Field, InputType } from 'type-graphql';
import type { Actor } from '../auth/actor.js';
import type { Condition } from '../reads/filters.js';
import type { Big } from '../values/money.js';
import { DecimalScalar, PostingDateScalar } from '../values/scalars.js';
import { wordsIn } from '../values/text.js';
import { HasDigits, IsPostingDate, IsTime } from './validators.js';

@InputType({ description: 'A period of days. Without an end, it is open on that side.' })
export class DateRange {
  @Field(() => PostingDateScalar, { nullable: true, description: 'The first day.' })
  @IsOptional()
  @IsPostingDate()
  from?: string | null;

  @Field(() => PostingDateScalar, { nullable: true, description: 'The last day.' })
  @IsOptional()
  @IsPostingDate()
  to?: string | null;
}

@InputType({ description: 'A period of time. Without an end, it is open on that side.' })
export class TimeRange {
  @Field(() => Date, { nullable: true, description: 'Its beginning.' })
  @IsOptional()
  @IsTime()
  from?: Date | null;

  @Field(() => Date, { nullable: true, description: 'Its end, which it does not contain.' })
  @IsOptional()
  @IsTime()
  before?: Date | null;
}

@InputType({ description: 'A range of amounts, whatever their currency. Without an end, it is open on that side.' })
export class AmountRange {
  @Field(() => DecimalScalar, { nullable: true, description: 'The smallest amount.' })
  @IsOptional()
  @HasDigits()
  min?: Big | null;

  @Field(() => DecimalScalar, { nullable: true, description: 'The largest amount.' })
  @IsOptional()
  @HasDigits()
  max?: Big | null;
}

/** Returns the filter of a column with dates. */
export function inDateRange<Column extends string>(column: Column) {
  return ({ from, to }: DateRange, { organization }: Actor): Condition<Column>[] => [
    ...(from ? [[column, '>=', organization.postingDate(from, 'from')] as const] : []),
    ...(to ? [[column, '<=', organization.postingDate(to, 'to')] as const] : []),
  ];
}

/** Returns the filter of a column with times. */
export function inTimeRange<Column extends string>(column: Column) {
  return ({ from, before }: TimeRange): Condition<Column>[] => [
    ...(from ? [[column, '>=', from] as const] : []),
    ...(before ? [[column, '<', before] as const] : []),
  ];
}

/** Returns the filter of a column with amounts. */
export function inAmountRange<Column extends string>(column: Column) {
  return ({ min, max }: AmountRange): Condition<Column>[] => [
    ...(min ? [[column, '>=', min.toFixed()] as const] : []),
    ...(max ? [[column, '<=', max.toFixed()] as const] : []),
  ];
}

/** Returns the filter of texts that are searched together. */
export function hasWords<Column extends string>(...columns: readonly Column[]) {
  return (search: string, { organization }: Actor): Condition<Column>[] => {
    const words = wordsIn(search).map((word) => `${organization.id}x${word}:*`);
    return [[columns, 'matches', words.join(' & ')]];
  };
}

/** Returns the filter of a column that has one of the values. */
export function isOneOf<Column extends string>(column: Column) {
  return (values: readonly string[]): Condition<Column>[] => {
    // A value that is given twice would be counted twice.
    const each = [...new Set(values)];
    return each.length === 1 ? [[column, '=', each[0]]] : [[column, 'in', each]];
  };
}
