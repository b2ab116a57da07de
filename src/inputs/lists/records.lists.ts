import { IsOptional, Matches } from 'class-validator';
import { Field, InputType } from 'type-graphql';
import { Account } from '../../entities/account.js';
import { AccountType } from '../../entities/account-type.js';
import { Branch } from '../../entities/branch.js';
import { Customer } from '../../entities/customer.js';
import { pagedList } from '../../reads/connections.js';
import { CURRENCY_CODE, CURRENCY_MESSAGE } from '../create-record.inputs.js';
import { listArgs, orderEnum } from '../list.args.js';
import { hasWords, isOneOf } from '../ranges.js';
import { IsSearch } from '../validators.js';

@InputType({ description: 'A filter of accounts.' })
export class AccountFilter {
  @Field(() => [AccountType], { nullable: true, description: 'Kinds of account.' })
  type?: AccountType[] | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether the account may be used in new postings.' })
  active?: boolean | null;

  @Field(() => String, { nullable: true, description: 'ISO 4217 code of the currency that the account is held in.' })
  @IsOptional()
  @Matches(CURRENCY_CODE, CURRENCY_MESSAGE)
  currencyCode?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Words, or their beginnings, in the code or the name. Case and punctuation do not matter.',
  })
  @IsOptional()
  @IsSearch()
  search?: string | null;
}

export const ACCOUNTS = pagedList<Account, AccountFilter>('accounts', Account, {
  orders: {
    ID: { by: 'time of recording', indexed: ['active'] },
    CODE: { by: 'code', column: 'code', type: 'text' },
    NAME: { by: 'name', column: 'name', type: 'text' },
  },
  filters: {
    type: isOneOf('type'),
    active: ['active', '='],
    currencyCode: ['currencyCode', '='],
    search: hasWords('code', 'name'),
  },
});

export const AccountsArgs = listArgs(ACCOUNTS, orderEnum('AccountOrder', ACCOUNTS), AccountFilter);

@InputType({ description: 'A filter of branches.' })
export class BranchFilter {
  @Field(() => Boolean, { nullable: true, description: 'Whether it is the default branch.' })
  isPrimary?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether the branch may be used in new documents.' })
  active?: boolean | null;

  @Field(() => String, {
    nullable: true,
    description: 'Words, or their beginnings, in the code or the name. Case and punctuation do not matter.',
  })
  @IsOptional()
  @IsSearch()
  search?: string | null;
}

export const BRANCHES = pagedList<Branch, BranchFilter>('branches', Branch, {
  orders: {
    ID: { by: 'time of recording', indexed: ['active'] },
    CODE: { by: 'code', column: 'code', type: 'text' },
    NAME: { by: 'name', column: 'name', type: 'text' },
  },
  filters: { isPrimary: ['isPrimary', '='], active: ['active', '='], search: hasWords('code', 'name') },
});

export const BranchesArgs = listArgs(BRANCHES, orderEnum('BranchOrder', BRANCHES), BranchFilter);

@InputType({ description: 'A filter of customers.' })
export class CustomerFilter {
  @Field(() => Boolean, { nullable: true, description: 'Whether the customer may get new credit notes.' })
  active?: boolean | null;

  @Field(() => String, { nullable: true, description: "ISO 4217 code of the currency of the customer's documents." })
  @IsOptional()
  @Matches(CURRENCY_CODE, CURRENCY_MESSAGE)
  currencyCode?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Words, or their beginnings, in the name or the e-mail address. Case and punctuation do not matter.',
  })
  @IsOptional()
  @IsSearch()
  search?: string | null;
}

export const CUSTOMERS = pagedList<Customer, CustomerFilter>('customers', Customer, {
  orders: {
    ID: { by: 'time of recording', indexed: ['currencyCode', 'active'] },
    NAME: { by: 'name', column: 'displayName', type: 'text' },
  },
  filters: { active: ['active', '='], currencyCode: ['currencyCode', '='], search: hasWords('displayName', 'email') },
});

export const CustomersArgs = listArgs(CUSTOMERS, orderEnum('CustomerOrder', CUSTOMERS), CustomerFilter);
