import { Field, ObjectType } from 'type-graphql';
import type { DomainError } from '../errors.js';

@ObjectType('Refusal', {
  description: 'A refusal, or a warning: the code and the message of the error that the command returns or would return.',
})
export class RefusalType {
  @Field(() => String, { description: 'Code of the error, for programs.' })
  code!: string;

  @Field(() => String, { description: 'Message of the error, for people.' })
  message!: string;

  @Field(() => String, { nullable: true, description: 'Path of the input field that caused the refusal, if there is one.' })
  field?: string | undefined;

  @Field(() => String, { description: 'Details of the refusal, such as the amounts that were compared, as a JSON object.' })
  details!: string;
}

/** Returns a refusal as the schema publishes it. */
export function refusalType({ code, message, field, details }: DomainError): RefusalType {
  return { code, message, field, details: JSON.stringify(details) };
}
