import { IsOptional } from 'class-validator';
import { Field, InputType } from 'type-graphql';
import { RestContract } from '../entities/rest-contract.js';
import type { updateOrganization } from '../services/organizations/update-organization.js';
import type { InputFor } from '../services/unit-of-work/command.js';
import { LENGTHS } from './lengths.js';
import { IsText, IsTimeZone } from './validators.js';

@InputType({
  description: 'The new values of the organization. What is absent stays as it is, and so does null, except the contract.',
})
export class UpdateOrganizationInput implements InputFor<typeof updateOrganization> {
  @Field(() => String, { nullable: true, description: 'Name of the organization.' })
  @IsOptional()
  @IsText(1, LENGTHS.name)
  name?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'IANA time zone in which a date-time becomes a posting date. Posting dates that are in the books stay.',
  })
  @IsOptional()
  @IsTimeZone()
  timeZone?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether refunds can be paid from credit-card accounts, too.' })
  creditCardRefunds?: boolean | null;

  @Field(() => RestContract, {
    nullable: true,
    description: 'What the body of a refund over REST may be; null: what the gateway is configured for.',
  })
  restContract?: RestContract | null;
}
