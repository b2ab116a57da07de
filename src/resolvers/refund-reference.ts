import { Field, ID, ObjectType } from 'type-graphql';
import type { AuditEvent } from '../entities/audit-event.js';

@ObjectType('RefundReference', { description: 'A reference that was added to a refund after it had been made.' })
export class RefundReferenceType {
  @Field(() => ID, { description: 'Identifier: that of its audit event.' })
  readonly id: number;

  @Field(() => String, { description: "Reference number, such as the bank's number of the transfer." })
  readonly referenceNo: string;

  @Field(() => String, { description: 'Name of the user or of the API key that added it.' })
  readonly createdBy: string;

  @Field(() => Date, { description: 'Time at which it was added.' })
  readonly createdAt: Date;

  constructor({ id, details, createdBy, createdAt }: AuditEvent) {
    this.id = id;
    this.referenceNo = String(details.referenceNo);
    this.createdBy = createdBy;
    this.createdAt = createdAt;
  }
}
