import { IsOptional, ValidateNested } from 'class-validator';
import { Field, InputType } from 'type-graphql';
import { Side } from '../../entities/account-type.js';
import { JournalEntry, JournalLine } from '../../entities/journal-entry.js';
import { pagedList, within } from '../../reads/connections.js';
import { listArgs, orderEnum } from '../list.args.js';
import { DateRange, inDateRange } from '../ranges.js';

@InputType({ description: 'A filter of journal entries.' })
export class JournalEntryFilter {
  @Field(() => DateRange, { nullable: true, description: 'Posting date.' })
  @IsOptional()
  @ValidateNested()
  postingDate?: DateRange | null;
}

export const JOURNAL_ENTRIES = pagedList<JournalEntry, JournalEntryFilter>('journalEntries', JournalEntry, {
  orders: {
    ID: { by: 'time of recording' },
    DATE: { by: 'posting date', column: 'postingDate', type: 'date' },
  },
  filters: { postingDate: inDateRange('postingDate') },
});

export const JournalEntriesArgs = listArgs(JOURNAL_ENTRIES, orderEnum('JournalEntryOrder', JOURNAL_ENTRIES), JournalEntryFilter);

@InputType({ description: 'A filter of journal lines.' })
export class JournalLineFilter {
  @Field(() => Side, { nullable: true, description: 'Debit or credit.' })
  side?: Side | null;

  @Field(() => DateRange, { nullable: true, description: 'Posting date.' })
  @IsOptional()
  @ValidateNested()
  postingDate?: DateRange | null;
}

const LINES = pagedList<JournalLine, JournalLineFilter>('journalLines', JournalLine, {
  orders: {
    ID: { by: 'time of recording', indexed: ['account'] },
    DATE: { by: 'posting date', column: 'postingDate', type: 'date', indexed: ['account'] },
  },
  filters: { side: ['side', '='], postingDate: inDateRange('postingDate') },
});

export const LINES_OF_ACCOUNT = within('account.lines', LINES, 'account');

export const LinesOfAccountArgs = listArgs(LINES_OF_ACCOUNT, orderEnum('JournalLineOrder', LINES), JournalLineFilter);
