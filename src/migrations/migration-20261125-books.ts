import { Migration } from '@mikro-orm/migrations';
import { accessRules } from './access.js';
import { creditNoteRules } from './credit-notes.js';
import { currencyFunctions, currencyRules } from './currencies.js';
import { freezeRules } from './freeze.js';
import { idRules } from './ids.js';
import { journalRules } from './journal.js';
import { partitionIndexNames, partitionSchemas } from './layout.js';
import { listIndexes } from './lists.js';
import { organizationRules } from './organizations.js';
import { recordRules } from './records.js';
import { refundRules } from './refunds.js';
import { tables } from './tables.js';
import { BEST_COLLATION, textFunctions, textRules } from './texts.js';

/**
 * The books: organizations and what they own, and the rules that hold whoever writes to the tables.
 *
 * The entities have each rule, too, for the error message. Here a rule is enforced: the database refuses a statement that breaks one, also when
 * it comes from psql. The functions look up names in `public` alone, so that a session cannot redirect them to tables of its own. Those that run for
 * each row write `public.` before each name, which costs less than the setting of the others.
 */
export class Migration20261125Books extends Migration {
  override async up(): Promise<void> {
    const [server] = await this.getEntityManager().execute<{ collation: string }[]>(`select ${BEST_COLLATION} as collation`);
    this.addSql(textFunctions(server?.collation ?? ''));
    this.addSql(currencyFunctions());
    this.addSql(partitionSchemas());
    this.addSql(tables());
    this.addSql(listIndexes());
    this.addSql(idRules());
    this.addSql(organizationRules());
    this.addSql(accessRules());
    this.addSql(recordRules());
    this.addSql(textRules());
    this.addSql(currencyRules());
    this.addSql(journalRules());
    this.addSql(creditNoteRules());
    this.addSql(refundRules());
    this.addSql(freezeRules());
    this.addSql(partitionIndexNames());
  }

  /** Books are never deleted. */
  override down(): void {
    throw new Error('the books cannot be undone');
  }
}
