import { IsOptional, Matches, ValidateNested } from 'class-validator';
import { Field, ID, InputType } from 'type-graphql';
import { Refund, RefundStatus } from '../../entities/refund.js';
import { pagedList, within } from '../../reads/connections.js';
import { CURRENCY_CODE, CURRENCY_MESSAGE } from '../create-record.inputs.js';
import { listArgs, orderEnum } from '../list.args.js';
import { ProvenanceFilter, provenanceConditions } from '../provenance.filter.js';
import { AmountRange, DateRange, hasWords, inAmountRange, inDateRange } from '../ranges.js';
import { IsId, IsSearch } from '../validators.js';

@InputType({ description: 'A filter of refunds.' })
export class RefundFilter {
  @Field(() => RefundStatus, { nullable: true, description: 'State of the refund.' })
  status?: RefundStatus | null;

  @Field(() => ID, { nullable: true, description: 'Id of the credit note that was refunded.' })
  @IsOptional()
  @IsId()
  creditNoteId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Id of the customer who received the money.' })
  @IsOptional()
  @IsId()
  customerId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Id of the account that the money left from.' })
  @IsOptional()
  @IsId()
  fromAccountId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Id of the branch.' })
  @IsOptional()
  @IsId()
  branchId?: string | null;

  @Field(() => String, { nullable: true, description: 'ISO 4217 code of the currency of the amount.' })
  @IsOptional()
  @Matches(CURRENCY_CODE, CURRENCY_MESSAGE)
  currencyCode?: string | null;

  @Field(() => DateRange, { nullable: true, description: 'Posting date.' })
  @IsOptional()
  @ValidateNested()
  date?: DateRange | null;

  @Field(() => AmountRange, { nullable: true, description: "Amount in the credit note's currency." })
  @IsOptional()
  @ValidateNested()
  amount?: AmountRange | null;

  @Field(() => String, {
    nullable: true,
    description: 'Words, or their beginnings, in the reference or the description. Case and punctuation do not matter.',
  })
  @IsOptional()
  @IsSearch()
  search?: string | null;

  @Field(() => ProvenanceFilter, { nullable: true, description: 'Origin of the refund. Only accountants and admins may use it.' })
  @IsOptional()
  @ValidateNested()
  provenance?: ProvenanceFilter | null;
}

export const REFUNDS = pagedList<Refund, RefundFilter>('refunds', Refund, {
  orders: {
    ID: {
      by: 'time of recording',
      indexed: [
        'creditNote',
        'provenance.requestId',
        'provenance.traceId',
        'provenance.createdBy',
        'provenance.clientName',
        'fromAccount',
        'branch',
        'currencyCode',
      ],
    },
    DATE: { by: 'posting date', column: 'date', type: 'date' },
    AMOUNT: { by: 'amount', column: 'amount', type: 'amount' },
  },
  filters: {
    status: (status) => [['reversals', status === RefundStatus.REVERSED ? 'some' : 'none']],
    creditNoteId: ['creditNote', '='],
    customerId: ['creditNote.customer', '='],
    fromAccountId: ['fromAccount', '='],
    branchId: ['branch', '='],
    currencyCode: ['currencyCode', '='],
    date: inDateRange('date'),
    amount: inAmountRange('amount'),
    search: hasWords('referenceNo', 'description'),
    provenance: provenanceConditions,
  },
});

const RefundOrder = orderEnum('RefundOrder', REFUNDS);

export const RefundsArgs = listArgs(REFUNDS, RefundOrder, RefundFilter);

export const REFUNDS_OF_NOTE = within('creditNote.refunds', REFUNDS, 'creditNote');

export const RefundsOfNoteArgs = listArgs(REFUNDS_OF_NOTE, RefundOrder, RefundFilter);
