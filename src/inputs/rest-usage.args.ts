import { Max, Min } from 'class-validator';
import { ArgsType, Field, Int } from 'type-graphql';
import { USAGE_DAYS } from '../services/organizations/rest-usage.js';

@ArgsType()
export class RestUsageArgs {
  @Field(() => Int, { defaultValue: 30, description: `Number of days, from 1 to ${USAGE_DAYS}.` })
  @Min(1)
  @Max(USAGE_DAYS)
  days!: number;
}
