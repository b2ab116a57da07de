import { GraphQLJSONObject } from 'graphql-scalars';
import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { DomainError, ErrorDetails } from '../domain-error.js';
import { AccountType } from '../entities/account-type.js';
import { ERRORS, type PublishedCode } from '../error-codes.js';
import { AccountInvalidType } from '../errors.js';

const CODES = Object.keys(ERRORS) as PublishedCode[];

/** The catalogue as an object, as TypeGraphQL expects an enum. */
const ErrorCodeEnum = Object.fromEntries(CODES.map((code) => [code, code])) as { readonly [Code in PublishedCode]: Code };

registerEnumType(ErrorCodeEnum, {
  name: 'ErrorCode',
  description:
    'The codes of all errors, in `Refusal.code` and in `errors[].extensions.code`. docs/errors.md lists them with their HTTP status.',
  valuesConfig: Object.fromEntries(CODES.map((code) => [code, { description: ERRORS[code].when }])),
});

@ObjectType('Refusal', {
  description: 'A refusal, or a warning: the code and the message of the error that the command returns or would return.',
})
export class RefusalType {
  @Field(() => ErrorCodeEnum, { description: 'Code of the error, for programs.' })
  code!: PublishedCode;

  @Field(() => String, { description: 'Message of the error, for people.' })
  message!: string;

  @Field(() => String, { nullable: true, description: 'Path of the input field that caused the refusal, if there is one.' })
  field?: string | undefined;

  @Field(() => GraphQLJSONObject, {
    description: 'Details of the refusal, such as the amounts that were compared. Amounts and rates are strings, as everywhere.',
  })
  details!: ErrorDetails;

  @Field(() => Boolean, {
    description: 'Whether the cause passes by itself, so that the same request may succeed later unchanged.',
  })
  retryable!: boolean;

  @Field(() => Int, { nullable: true, description: 'Seconds to wait before the same request is sent again, if that is known.' })
  retryAfter?: number | undefined;
}

/** Returns each refusal that the error consists of. */
export function refusalTypes(error: DomainError): RefusalType[] {
  return (error.parts.length === 0 ? [error] : error.parts).map(refusalType);
}

/** Returns a refusal as the schema publishes it. */
export function refusalType(refusal: DomainError): RefusalType {
  const { code, message, field, retryable, retryAfter } = refusal;
  return { code, message, field, details: publishedDetails(refusal), retryable, retryAfter };
}

/** The names of account types in the schema, by the legacy API's keys. */
const ACCOUNT_TYPES: ReadonlyMap<string, string> = new Map(Object.entries(AccountType).map(([name, key]) => [key, name]));

/** Returns the details of a refusal with the schema's names of account types. */
export function publishedDetails(refusal: DomainError): ErrorDetails {
  if (!(refusal instanceof AccountInvalidType)) return refusal.details;
  const nameOf = (key: string): string => ACCOUNT_TYPES.get(key) ?? key;
  return { ...refusal.details, type: nameOf(refusal.type), allowed: refusal.allowed.map(nameOf) };
}
