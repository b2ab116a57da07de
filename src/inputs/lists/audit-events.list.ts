import { IsOptional, ValidateNested } from 'class-validator';
import { Field, InputType } from 'type-graphql';
import { AuditEvent } from '../../entities/audit-event.js';
import { pagedList } from '../../reads/connections.js';
import { listArgs, orderEnum } from '../list.args.js';
import { inTimeRange, TimeRange } from '../ranges.js';
import { IsText } from '../validators.js';

@InputType({ description: 'A filter of audit events.' })
export class AuditEventFilter {
  @Field(() => String, { nullable: true, description: 'Name of the command.' })
  @IsOptional()
  @IsText(0, 255)
  action?: string | null;

  @Field(() => String, { nullable: true, description: 'Name of the user, of the API key, or of the operator.' })
  @IsOptional()
  @IsText(0, 255)
  createdBy?: string | null;

  @Field(() => TimeRange, { nullable: true, description: 'Time of the change.' })
  @IsOptional()
  @ValidateNested()
  createdAt?: TimeRange | null;
}

export const AUDIT_EVENTS = pagedList<AuditEvent, AuditEventFilter>('auditEvents', AuditEvent, {
  orders: { ID: { by: 'time of recording' } },
  filters: { action: ['action', '='], createdBy: ['createdBy', '='], createdAt: inTimeRange('createdAt') },
});

export const AuditEventsArgs = listArgs(AUDIT_EVENTS, orderEnum('AuditEventOrder', AUDIT_EVENTS), AuditEventFilter);
