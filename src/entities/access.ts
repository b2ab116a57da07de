import { type Opt, PrimaryKeyProp, type Rel } from '@mikro-orm/core';
import { Entity, Enum, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { registerEnumType } from 'type-graphql';
import { ID_COLUMN } from './columns.js';
import { Organization } from './organization.js';
import { Owned } from './owned.js';

/** The permissions of a credential in an organization. Each role includes those before it. */
export enum Role {
  VIEWER = 'VIEWER',
  ACCOUNTANT = 'ACCOUNTANT',
  ADMIN = 'ADMIN',
}

registerEnumType(Role, {
  name: 'Role',
  description: 'The permissions of a caller. An ACCOUNTANT has those of a VIEWER too, and an ADMIN has those of an ACCOUNTANT too.',
  valuesConfig: {
    VIEWER: { description: 'May read.' },
    ACCOUNTANT: {
      description: 'May record and change customers, accounts, branches and credit notes, and make and reverse refunds.',
    },
    ADMIN: { description: 'May change the lock date and the settings of the organization, and read the audit events.' },
  },
});

/** A person. The permissions are in the memberships. */
@Entity({ tableName: 'users' })
export class User {
  @PrimaryKey({ type: ID_COLUMN })
  id!: number;

  /** The `sub` claim of the person's JWTs. */
  @Property({ type: 'text' })
  subject!: string;

  @Property({ type: 'text' })
  name!: string;
}

@Entity({ tableName: 'memberships' })
export class Membership {
  [PrimaryKeyProp]?: ['organization', 'user'];

  @ManyToOne(() => Organization, { primary: true })
  organization!: Rel<Organization>;

  @ManyToOne(() => User, { primary: true })
  user!: Rel<User>;

  @Enum({ items: () => Role, columnType: 'text' })
  role!: Role;

  /** An ended membership stays in the table. Adding the member again reopens it. */
  @Property({ type: 'datetime', nullable: true })
  endedAt: (Date & Opt) | null = null;
}

/** A key for programs. The table holds only its hash, so that nobody who reads the table can use the key. */
@Entity({ tableName: 'api_keys' })
export class ApiKey extends Owned {
  @Property({ type: 'text' })
  name!: string;

  @Enum({ items: () => Role, columnType: 'text' })
  role!: Role;

  /** The first characters of the key, so that people can identify it. */
  @Property({ type: 'text' })
  prefix!: string;

  /** SHA-256 of the whole key, in hexadecimal. */
  @Property({ type: 'text' })
  hash!: string;

  @Property({ type: 'datetime', nullable: true })
  expiresAt: (Date & Opt) | null = null;

  @Property({ type: 'datetime', nullable: true })
  revokedAt: (Date & Opt) | null = null;

  @Property({ type: 'datetime', nullable: true })
  lastUsedAt: (Date & Opt) | null = null;
}
