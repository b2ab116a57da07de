import { IsOptional } from 'class-validator';
import { Field, ID, InputType } from 'type-graphql';
import type { updateAccount, updateBranch, updateCustomer } from '../services/organizations/update-records.js';
import type { InputFor } from '../services/unit-of-work/command.js';
import { LENGTHS } from './lengths.js';
import { IsEmailAddress, IsId, IsText } from './validators.js';

@InputType({ description: 'The new values of an account. What is absent or null stays as it is.' })
export class UpdateAccountInput implements InputFor<typeof updateAccount> {
  @Field(() => ID, { description: 'The account.' })
  @IsId()
  accountId!: string;

  @Field(() => String, { nullable: true, description: 'Code, unique in the organization.' })
  @IsOptional()
  @IsText(1, LENGTHS.code)
  code?: string | null;

  @Field(() => String, { nullable: true, description: 'Name of the account.' })
  @IsOptional()
  @IsText(1, LENGTHS.name)
  name?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether it may be used in new postings. System accounts stay active.' })
  active?: boolean | null;
}

@InputType({ description: 'The new values of a branch. What is absent or null stays as it is.' })
export class UpdateBranchInput implements InputFor<typeof updateBranch> {
  @Field(() => ID, { description: 'The branch.' })
  @IsId()
  branchId!: string;

  @Field(() => String, { nullable: true, description: 'Code, unique in the organization.' })
  @IsOptional()
  @IsText(1, LENGTHS.code)
  code?: string | null;

  @Field(() => String, { nullable: true, description: 'Name of the branch.' })
  @IsOptional()
  @IsText(1, LENGTHS.name)
  name?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether it may be used in new documents. The primary branch stays active.',
  })
  active?: boolean | null;
}

@InputType({
  description: 'The new values of a customer. What is absent stays as it is, and so does null, except the e-mail address.',
})
export class UpdateCustomerInput implements InputFor<typeof updateCustomer> {
  @Field(() => ID, { description: 'The customer.' })
  @IsId()
  customerId!: string;

  @Field(() => String, { nullable: true, description: 'Name on documents.' })
  @IsOptional()
  @IsText(1, LENGTHS.name)
  displayName?: string | null;

  @Field(() => String, { nullable: true, description: 'E-mail address; null removes it.' })
  @IsOptional()
  @IsEmailAddress()
  email?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether the customer may get new credit notes.' })
  active?: boolean | null;
}
