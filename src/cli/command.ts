import { userInfo } from 'node:os';
import type { EntityManager } from '@mikro-orm/postgresql';
import { type Config, readConfig } from '../config.js';
import { openDatabaseForTool } from '../database/database.js';
import type { Organization } from '../entities/organization.js';
import { findOrganization, type Operator } from '../services/organizations/operator-command.js';
import { type Call, type Flags, required, type Synopsis } from './command-line.js';

/** An operator's command: its options, and what it does. */
export interface Command extends Synopsis {
  run(call: Call): Promise<void>;
}

/** Commands by their names, as the operator types them. */
export type Commands = Readonly<Record<string, Command>>;

/** Returns the `run` of a command that needs a migrated database: opens it for the command, and closes it afterwards. */
export function onDatabase(run: (em: EntityManager, flags: Flags, config: Config) => Promise<void>): Command['run'] {
  return async ({ flags }) => {
    const config = readConfig(process.env);
    const database = await openDatabaseForTool(config);
    try {
      await run(database.orm.em.fork(), flags, config);
    } finally {
      await database.close();
    }
  };
}

/** Returns the organization of --organization. */
export function organizationOf(em: EntityManager, flags: Flags): Promise<Organization> {
  return findOrganization(em, required(flags, 'organization'));
}

/** Returns the operator's name: that of --by, or else the user of the operating system. */
export function operatorOf(flags: Flags): Operator {
  return { by: flags.by ?? (process.env.SUDO_USER || userName()) };
}

/** A container may run with a user id that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.()}`;
  }
}
