import { IsOptional, Max, Min } from 'class-validator';
import { ArgsType, Field, ID, Int } from 'type-graphql';
import { MAX_PAGE } from '../reads/statements.js';
import { IsId } from './validators.js';

@ArgsType()
export class PageArgs {
  @Field(() => Int, { defaultValue: MAX_PAGE, description: 'How many to answer, 1 to 100.' })
  @Min(1)
  @Max(MAX_PAGE)
  first!: number;

  @Field(() => ID, { nullable: true, description: 'Id of the last one that is known: the page begins after it.' })
  @IsOptional()
  @IsId()
  after?: string | null;
}
