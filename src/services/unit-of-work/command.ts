import type { EntityClass, FilterQuery } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import { type Actor, readCurrentRoles, requireRole } from '../../auth/actor.js';
import type { Role } from '../../entities/access.js';
import type { Organization } from '../../entities/organization.js';
import { run } from '../../orm/query.js';
import type { PostingDate } from '../../values/posting-date.js';
import { authorOf, recordEvent } from './audit-trail.js';
import { type Fields, type InputOf, normalize, type ValuesOf } from './fields.js';
import { type GivenCommand, givenCommand, type Idempotency } from './idempotency.js';
import type { Period } from './locks.js';
import { LOAD_NOTHING, underLocks } from './unit-of-work.js';

/** Name and role of a command, which its mutation uses too. */
export interface Declared<Name extends string = string> {
  readonly name: Name;
  /** The lowest role that may execute the command. */
  readonly role: Role;
}

/**
 * What the caller expects of the record that the command changes. Runs in the command's transaction, under the lock of the record, and throws if the
 * record is another one by now.
 */
export type Precondition = (em: EntityManager) => Promise<void>;

/** The function that executes a command, in one transaction, and at most once for each idempotency key. */
export interface Command<Input, Result, Name extends string = string> extends Declared<Name> {
  /**
   * @throws {Forbidden} if the actor's role is too low, or has become too low while the command waited for locks
   * @throws {Unauthenticated} if the actor's key or membership has ended since authentication
   * @throws {IdempotencyKeyReused} if the key was used for another command
   */
  (em: EntityManager, actor: Actor, input: Input, idempotency?: Idempotency, precondition?: Precondition): Promise<Result>;
}

/** The input type of a command. */
export type InputFor<C> = C extends Command<infer Input, unknown> ? Input : never;

interface Declaration<Name extends string, F extends Fields, Result> extends Declared<Name> {
  /** Entity that the command creates or changes. A replay with the same idempotency key finds it by its id. */
  readonly result: EntityClass<Result>;
  /** Each field of the input with its type. Two commands with the same idempotency key must have equal values of these fields. */
  readonly fields: F;
  /** Mode of the period lock: `exclusive` for a command that changes what running commands rely on, such as the lock date; default `shared`. */
  readonly period?: Period;
  /** Locks and loads, refuses, changes the model, builds the entry and persists. The caller flushes. */
  run(work: CommandWork, values: ValuesOf<F>): Promise<Result>;
  /** Returns the details of the audit event that is recorded with the change. Absent: no event is recorded. */
  audit?(done: CommandDone<Result, ValuesOf<F>>): Readonly<Record<string, string>>;
}

/** The context of a running command: its transaction, the organization as read under the locks, and the caller. */
interface CommandWork {
  readonly em: EntityManager;
  readonly organization: Organization;
  readonly actor: Actor;
  /** Sets the properties whose new value is not null, and notes those that differ for the audit event. An empty text removes the value. */
  change<T extends object>(entity: T, values: { readonly [P in keyof T]?: T[P] | '' | null }): void;
  /** Checks the caller's {@link Precondition}, if there is one. A command that takes one calls this as soon as it has locked the record. */
  assertExpected(): Promise<void>;
}

/** An executed command, as the details of its audit event need it. */
export interface CommandDone<Result, Values> {
  readonly result: Result;
  readonly values: Values;
  /** The changes by {@link CommandWork.change}: both values of each changed property as texts, such as `nameBefore` and `nameAfter`. */
  readonly changes: Readonly<Record<string, string>>;
  /** State of the organization before the command. */
  readonly before: { readonly lockDate: PostingDate | null };
}

/**
 * Declares a command, and returns the function that executes it.
 *
 * @example
 * export const createBranch = command({
 *   name: 'createBranch',
 *   role: Role.ACCOUNTANT,
 *   result: Branch,
 *   fields: { code: text, name: text },
 *   async run({ em, organization }, { code, name }) {
 *     return em.create(Branch, { organization, code, name, isPrimary: false });
 *   },
 * });
 *
 * const branch = await createBranch(em, actor, { code: '2', name: 'West Coast' }, idempotency);
 */
export function command<const Name extends string, F extends Fields, Result extends { id: number; currencyCode?: string }>(
  declaration: Declaration<Name, F, Result>,
): Command<InputOf<F>, Result, Name> {
  const { name, role, fields } = declaration;
  const execute = async (
    em: EntityManager,
    actor: Actor,
    input: InputOf<F>,
    idempotency?: Idempotency,
    precondition?: Precondition,
  ): Promise<Result> => {
    requireRole(actor, role);
    // A date-time is a day of the time zone that the organization had when the request arrived, so the organization is not read under the locks.
    const values = normalize(fields, input, actor.organization);
    const given = givenCommand(declaration, input, values, actor.organization, idempotency);
    return executeOnce(em, actor, declaration, values, { given, precondition });
  };
  return Object.assign(Object.defineProperty(execute, 'name', { value: name }), { role }) as Command<InputOf<F>, Result, Name>;
}

/** Runs the command in one transaction, at most once for each idempotency key. A replay reads the result of the first time again. */
function executeOnce<Name extends string, F extends Fields, Result extends { id: number; currencyCode?: string }>(
  em: EntityManager,
  actor: Actor,
  declaration: Declaration<Name, F, Result>,
  values: ValuesOf<F>,
  { given, precondition }: { readonly given: GivenCommand; readonly precondition: Precondition | undefined },
): Promise<Result> {
  const { name, role, period } = declaration;
  const organizationId = actor.organization.id;
  return underLocks(
    em,
    organizationId,
    { period, commands: [given], actors: [actor], load: LOAD_NOTHING },
    async ({ em, organization, keys, roles }) => {
      roles.require(actor, role);
      const earlier = keys.resultOf(given);
      if (earlier !== null) return findResult(em, declaration.result, organization, earlier);
      const before = { lockDate: organization.lockDate };
      const { change, changes } = recordedChanges();
      let isExpected = precondition === undefined;
      const assertExpected = async () => {
        await precondition?.(em);
        isExpected = true;
      };
      const result = await declaration.run({ em, organization, actor, change, assertExpected }, values);
      if (!isExpected) throw new Error(`${name} did not check the precondition of its caller`);
      const details = declaration.audit?.({ result, values, before, changes });
      if (details !== undefined) recordEvent(em, organization, name, details, authorOf(actor));
      // The database assigns the id of a new result, which the key is stored with.
      await em.persist(result).flush();
      keys.keep(given, result);
      // The command may have waited for further locks, so the roles are checked again.
      const [presentRoles] = await run(em, readCurrentRoles(organizationId, [actor]));
      presentRoles.require(actor, role);
      return result;
    },
  );
}

/**
 * Reads the earlier result of a command again. If it is the organization, its id is not used: the organization may have moved here from another
 * database, where it had another number.
 */
async function findResult<Result extends object>(
  em: EntityManager,
  entity: EntityClass<Result>,
  organization: Organization,
  id: number,
): Promise<Result> {
  if (organization instanceof entity) return organization as object as Result;
  return em.findOneOrFail(entity, { id, organization: organization.id } as FilterQuery<NoInfer<Result>>) as Promise<Result>;
}

function recordedChanges(): Pick<CommandWork, 'change'> & Pick<CommandDone<never, never>, 'changes'> {
  const changes: Record<string, string> = {};
  return {
    changes,
    change(entity, values) {
      for (const [name, value] of Object.entries(values)) {
        const before: unknown = Reflect.get(entity, name);
        if (value === null || value === undefined || value === (before ?? '')) continue;
        changes[`${name}Before`] = String(before ?? '');
        changes[`${name}After`] = String(value);
        Object.assign(entity, { [name]: value === '' ? null : value });
      }
    },
  };
}
