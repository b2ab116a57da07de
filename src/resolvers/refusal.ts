import { Field, ObjectType } from 'type-graphql';
import type { DomainError } from '../errors.js';

@ObjectType('Refusal', { description: 'Why something would be refused, in the words and with the code of the error.' })
export class RefusalType {
  @Field(() => String, { description: 'Code of the error.' })
  code!: string;

  @Field(() => String, { description: 'What is wrong.' })
  message!: string;

  @Field(() => String, { nullable: true, description: 'The input field that is to blame.' })
  field?: string | undefined;

  @Field(() => String, { description: 'The figures behind it, as JSON.' })
  details!: string;
}

export function refusalType({ code, message, field, details }: DomainError): RefusalType {
  return { code, message, field, details: JSON.stringify(details) };
}
