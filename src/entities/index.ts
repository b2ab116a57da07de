import { ApiKey, Membership, User } from './access.js';
import { Account } from './account.js';
import { AuditEvent } from './audit-event.js';
import { Branch } from './branch.js';
import { CreditNote } from './credit-note.js';
import { CreditNoteCancellation } from './credit-note-cancellation.js';
import { CreditNoteLine } from './credit-note-line.js';
import { Customer } from './customer.js';
import { IdempotencyKey } from './idempotency-key.js';
import { JournalEntry, JournalLine } from './journal-entry.js';
import { Organization } from './organization.js';
import { Owned } from './owned.js';
import { Refund } from './refund.js';
import { RefundReversal } from './refund-reversal.js';

/** All entities. MikroORM discovers none from folders. */
export const ENTITIES = [
  Owned,
  Organization,
  User,
  Membership,
  ApiKey,
  Account,
  Branch,
  Customer,
  JournalEntry,
  JournalLine,
  CreditNote,
  CreditNoteLine,
  CreditNoteCancellation,
  Refund,
  RefundReversal,
  IdempotencyKey,
  AuditEvent,
];
