import { type Opt, PrimaryKeyProp, type Rel } from '@mikro-orm/core';
import { Entity, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { ID_COLUMN } from './columns.js';
import { Organization } from './organization.js';

/** The caller's key of a command with the command's result, written in the command's transaction. */
@Entity({ tableName: 'idempotency_keys' })
export class IdempotencyKey {
  [PrimaryKeyProp]?: ['organization', 'key'];

  @ManyToOne(() => Organization, { primary: true })
  organization!: Rel<Organization>;

  @PrimaryKey({ type: 'text' })
  key!: string;

  /** SHA-256 of the normalized command, in hexadecimal. */
  @Property({ type: 'text' })
  fingerprint!: string;

  /** The organization's time zone when the command was sent: its date-times became days in it. */
  @Property({ type: 'text' })
  timeZone!: string;

  /** Id of the row that the command made. */
  @Property({ type: ID_COLUMN })
  resultId!: number;

  @Property({ type: 'datetime', defaultRaw: 'now()' })
  createdAt!: Date & Opt;
}
