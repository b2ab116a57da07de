import { IsOptional, Max, Min } from 'class-validator';
import { ArgsType, Field, ID, Int } from 'type-graphql';
import { MAX_PAGE } from '../reads/statements.js';
import { IsId } from './validators.js';

@ArgsType()
export class PageArgs {
  @Field(() => Int, { defaultValue: MAX_PAGE, description: 'Size of the page, 1 to 100.' })
  @Min(1)
  @Max(MAX_PAGE)
  first!: number;

  @Field(() => ID, { nullable: true, description: 'Id of the last item of the previous page.' })
  @IsOptional()
  @IsId()
  after?: string | null;
}
