import { IsOptional, Matches } from 'class-validator';
import { Field, InputType } from 'type-graphql';
import { AccountType } from '../entities/account-type.js';
import type { createAccount, createBranch, createCustomer } from '../services/organizations/create-records.js';
import type { InputFor } from '../services/unit-of-work/command.js';
import { LENGTHS } from './lengths.js';
import { IsEmailAddress, IsText } from './validators.js';

export const CURRENCY_CODE = /^[A-Z]{3}$/;
export const CURRENCY_MESSAGE = { message: 'currencyCode must be an ISO 4217 code such as USD' };

@InputType({ description: 'An account to be added to the chart.' })
export class CreateAccountInput implements InputFor<typeof createAccount> {
  @Field(() => String, { description: 'Code, unique in the organization.' })
  @IsText(1, LENGTHS.code)
  code!: string;

  @Field(() => String, { description: 'Name of the account.' })
  @IsText(1, LENGTHS.name)
  name!: string;

  @Field(() => AccountType, { description: 'Kind of the account.' })
  type!: AccountType;

  @Field(() => String, { nullable: true, description: 'ISO 4217 code; the base currency if absent.' })
  @IsOptional()
  @Matches(CURRENCY_CODE, CURRENCY_MESSAGE)
  currencyCode?: string | null;

  @Field(() => Boolean, { defaultValue: true, description: 'Whether it may be used in new postings.' })
  active!: boolean;
}

@InputType({ description: 'A branch to be added.' })
export class CreateBranchInput implements InputFor<typeof createBranch> {
  @Field(() => String, { description: 'Code, unique in the organization.' })
  @IsText(1, LENGTHS.code)
  code!: string;

  @Field(() => String, { description: 'Name of the branch.' })
  @IsText(1, LENGTHS.name)
  name!: string;
}

@InputType({ description: 'A customer to be added.' })
export class CreateCustomerInput implements InputFor<typeof createCustomer> {
  @Field(() => String, { description: 'Name on documents.' })
  @IsText(1, LENGTHS.name)
  displayName!: string;

  @Field(() => String, { nullable: true, description: 'E-mail address.' })
  @IsOptional()
  @IsEmailAddress()
  email?: string | null;

  @Field(() => String, { nullable: true, description: "ISO 4217 code of the customer's documents; the base currency if absent." })
  @IsOptional()
  @Matches(CURRENCY_CODE, CURRENCY_MESSAGE)
  currencyCode?: string | null;
}
