import { Migration } from '@mikro-orm/migrations';

/** A note that is refunded hundreds of times in a second still finds a possible duplicate at once. */
export class Migration20261124Duplicates extends Migration {
  override up(): void {
    this.addSql('drop index refunds_duplicates');
    this.addSql('create index refunds_duplicates on refunds (credit_note_id, reference_no, amount, created_at)');
  }

  override down(): void {
    this.addSql('drop index refunds_duplicates');
    this.addSql('create index refunds_duplicates on refunds (credit_note_id, created_at)');
  }
}
