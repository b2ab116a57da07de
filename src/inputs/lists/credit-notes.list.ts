import { IsOptional, Matches, ValidateNested } from 'class-validator';
import { ArgsType, Field, ID, InputType } from 'type-graphql';
import { CreditNote } from '../../entities/credit-note.js';
import { CreditNoteStatus } from '../../entities/credit-note-state.js';
import { pagedList, within } from '../../reads/connections.js';
import { CURRENCY_CODE, CURRENCY_MESSAGE } from '../create-record.inputs.js';
import { LENGTHS } from '../lengths.js';
import { listArgs, orderEnum } from '../list.args.js';
import { AmountRange, DateRange, hasWords, inAmountRange, inDateRange, isOneOf } from '../ranges.js';
import { IsId, IsSearch, IsText } from '../validators.js';

@InputType({ description: 'A filter of credit notes.' })
export class CreditNoteFilter {
  @Field(() => [CreditNoteStatus], { nullable: true, description: 'States of the credit note.' })
  status?: CreditNoteStatus[] | null;

  @Field(() => ID, { nullable: true, description: 'Id of the customer who receives the credit.' })
  @IsOptional()
  @IsId()
  customerId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Id of the branch.' })
  @IsOptional()
  @IsId()
  branchId?: string | null;

  @Field(() => String, { nullable: true, description: "ISO 4217 code of the currency of the note's amounts." })
  @IsOptional()
  @Matches(CURRENCY_CODE, CURRENCY_MESSAGE)
  currencyCode?: string | null;

  @Field(() => DateRange, { nullable: true, description: 'Date of the document.' })
  @IsOptional()
  @ValidateNested()
  date?: DateRange | null;

  @Field(() => AmountRange, { nullable: true, description: "Total, in the note's currency." })
  @IsOptional()
  @ValidateNested()
  total?: AmountRange | null;

  @Field(() => String, {
    nullable: true,
    description: 'Words, or their beginnings, in the number, the reference or the note. Case and punctuation do not matter.',
  })
  @IsOptional()
  @IsSearch()
  search?: string | null;
}

export const CREDIT_NOTES = pagedList<CreditNote, CreditNoteFilter>('creditNotes', CreditNote, {
  orders: {
    ID: { by: 'time of recording', indexed: ['customer', 'storedStatus', 'branch', 'currencyCode'] },
    DATE: { by: 'date', column: 'date', type: 'date' },
    NUMBER: { by: 'number', column: 'number', type: 'text' },
    TOTAL: { by: 'total', column: 'total', type: 'amount' },
  },
  filters: {
    status: isOneOf('storedStatus'),
    customerId: ['customer', '='],
    branchId: ['branch', '='],
    currencyCode: ['currencyCode', '='],
    date: inDateRange('date'),
    total: inAmountRange('total'),
    search: hasWords('number', 'referenceNo', 'note'),
  },
});

const CreditNoteOrder = orderEnum('CreditNoteOrder', CREDIT_NOTES);

export const CreditNotesArgs = listArgs(CREDIT_NOTES, CreditNoteOrder, CreditNoteFilter);

export const NOTES_OF_CUSTOMER = within('customer.creditNotes', CREDIT_NOTES, 'customer');

export const NotesOfCustomerArgs = listArgs(NOTES_OF_CUSTOMER, CreditNoteOrder, CreditNoteFilter);

@ArgsType()
export class CreditNoteByNumberArgs {
  @Field(() => String, { description: 'Number of the document.' })
  @IsText(1, LENGTHS.number)
  number!: string;
}
