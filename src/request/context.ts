import type { EntityManager } from '@mikro-orm/postgresql';
import type { Actor, RequestMetadata } from '../auth/actor.js';
import type { Permit } from '../concurrency/admission.js';
import { InvalidInput } from '../domain-error.js';
import type { RestContract } from '../entities/rest-contract.js';
import type { Unauthenticated } from '../errors.js';
import { createLoaders, type Loaders } from '../reads/loaders.js';
import type { RefundQueue } from '../services/refunds/refund-queue.js';
import type { Command, Precondition } from '../services/unit-of-work/command.js';
import type { Idempotency } from '../services/unit-of-work/idempotency.js';
import type { RequestLog } from './request-log.js';

/** The objects that a mutation made or changed, now or when the same command was first sent. */
export interface Written {
  readonly type: string;
  readonly ids: readonly string[];
}

/** The state of one request. Each request has its own EntityManager, and so its own identity map, and its own loaders. */
export class Context {
  private fork: EntityManager | undefined;
  private loadersOfFork: Loaders | undefined;
  /** The outcome of each command with an idempotency key. */
  private readonly outcomes = new Map<Idempotency, { readonly replayed: boolean }>();
  /** Whether the operation's arguments have passed the rules of their input classes. */
  argumentsChecked = false;
  /** The objects that each mutation made or changed, by its name in the response. */
  readonly written = new Map<string, Written>();
  /** Cost of the operation: the number of fields and objects that its reply may have. */
  cost = 0;

  constructor(
    private readonly root: EntityManager,
    readonly refunds: RefundQueue,
    readonly request: RequestMetadata,
    readonly log: RequestLog,
    /** The contract is that of organizations that have chosen none. */
    readonly config: { readonly duplicateWindowSeconds: number; readonly restContract: RestContract },
    private readonly caller: Actor | Unauthenticated,
    /** The Idempotency-Key header. */
    private readonly idempotencyKey: string | undefined,
    readonly permit: Permit,
  ) {}

  /** Returns a context of the same request that reads in the transaction of this EntityManager. */
  within(em: EntityManager): Context {
    const { root, refunds, request, log, config, caller, idempotencyKey, permit } = this;
    const context = new Context(root, refunds, request, log, config, caller, idempotencyKey, permit);
    context.fork = em;
    return context;
  }

  /** @throws {ServiceUnavailable} if the client has disconnected, so that no more work is started for it */
  get em(): EntityManager {
    this.permit.signal.throwIfAborted();
    this.fork ??= this.root.fork();
    return this.fork;
  }

  get loaders(): Loaders {
    // The loaders ask for the caller before each statement, so that none is sent for a client that has disconnected.
    this.loadersOfFork ??= createLoaders(this.em, () => {
      this.permit.signal.throwIfAborted();
      return this.actor;
    });
    return this.loadersOfFork;
  }

  /**
   * The authenticated caller.
   *
   * @throws {Unauthenticated} if there is none: such a request may only read the schema
   */
  get actor(): Actor {
    if (this.caller instanceof Error) throw this.caller;
    return this.caller;
  }

  get isAuthenticated(): boolean {
    return !(this.caller instanceof Error);
  }

  assertArgumentsChecked(): void {
    if (!this.argumentsChecked) throw new Error("the operation's arguments were not checked before its execution");
  }

  /**
   * Checks the idempotency key of a command before anything is executed.
   *
   * @param argument the mutation's idempotencyKey
   * @param count number of commands in it if it is a bulk command, else 0
   * @throws {InvalidInput} if {@link begin} or {@link beginSeveral} would throw it
   */
  assertKey(argument: string | null | undefined, count: number): void {
    this.keyOf(argument, count === 0 ? 0 : `#${count - 1}`.length);
  }

  /**
   * Executes one command and returns its result. It throws the errors of the command, and {@link InvalidInput} for a malformed key.
   *
   * @param idempotencyKey the mutation's argument
   * @example context.execute(createBranch, input, idempotencyKey)
   */
  execute<Input, Result>(
    command: Command<Input, Result>,
    input: Input,
    idempotencyKey: string | null | undefined,
    precondition?: Precondition,
  ): Promise<Result> {
    return command(this.em, this.actor, input, this.begin(idempotencyKey), precondition);
  }

  /**
   * Begins a command with a new EntityManager, since an earlier command of the same document may have read rows that are stale by now.
   *
   * @param argument the mutation's idempotencyKey
   * @returns the idempotency key of the argument, or else of the header
   * @throws {InvalidInput} if the key is malformed
   */
  begin(argument?: string | null): Idempotency | undefined {
    this.reset();
    const key = this.keyOf(argument);
    return key === undefined ? undefined : this.idempotency(key);
  }

  /**
   * Begins a bulk command. The caller's key belongs to the whole; each command in it has the key with its number appended.
   *
   * @returns the idempotency keys of the whole and of each command
   * @throws {InvalidInput} if a key is malformed or becomes too long
   */
  beginSeveral(
    count: number,
    argument?: string | null,
  ): { readonly whole: Idempotency | undefined; readonly each: readonly (Idempotency | undefined)[] } {
    this.reset();
    const key = this.keyOf(argument, `#${count - 1}`.length);
    const numbered = Array.from({ length: count }, (_, index) =>
      key === undefined ? undefined : this.idempotency(`${key}#${index}`),
    );
    return { whole: key === undefined ? undefined : this.idempotency(key), each: numbered };
  }

  private reset(): void {
    this.permit.signal.throwIfAborted();
    this.fork = undefined;
    this.loadersOfFork = undefined;
  }

  private keyOf(argument: string | null | undefined, suffixLength = 0): string | undefined {
    const { idempotencyKey: header } = this;
    const [key, name] = argument == null ? [header, 'Idempotency-Key'] : [argument, 'idempotencyKey'];
    if (key === undefined) return undefined;
    if (header !== undefined && header !== key) {
      const reason = 'idempotencyKey must be the same as the Idempotency-Key header, or one of them must be absent';
      throw new InvalidInput([{ field: 'idempotencyKey', constraints: { isUnambiguous: reason }, value: key }]);
    }
    if (!/^[\x21-\x7e]{1,255}$/.test(key) || key.length + suffixLength > 255) {
      const reason = `${name} must be 1 to ${255 - suffixLength} visible ASCII characters`;
      throw new InvalidInput([{ field: 'idempotencyKey', constraints: { isIdempotencyKey: reason }, value: key }]);
    }
    return key;
  }

  private idempotency(key: string): Idempotency {
    const idempotency: Idempotency = { key, onOutcome: (outcome) => void this.outcomes.set(idempotency, outcome) };
    return idempotency;
  }

  /** Whether all commands with an idempotency key were replays; `undefined` if no command had a key. */
  get idempotencyOutcome(): { readonly replayed: boolean } | undefined {
    return this.outcomes.size === 0 ? undefined : { replayed: [...this.outcomes.values()].every(({ replayed }) => replayed) };
  }

  /** Whether the request has the Idempotency-Key header. */
  get hasKeyOfHeader(): boolean {
    return this.idempotencyKey !== undefined;
  }

  /**
   * Returns the refusal of a request with the Idempotency-Key header and several commands, which would share the key; else `null`.
   *
   * @param commands number of commands without a key of their own
   */
  refuseSharedKey(commands: number): InvalidInput | null {
    if (this.idempotencyKey === undefined || commands <= 1) return null;
    const reason = 'The Idempotency-Key header is for one mutation; give each of several its own idempotencyKey argument';
    return new InvalidInput([{ field: 'idempotencyKey', constraints: { isForOneMutation: reason } }]);
  }
}
