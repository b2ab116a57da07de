import type { EntityManager } from '@mikro-orm/postgresql';
import type { Actor, RequestMetadata } from '../auth/actor.js';
import type { Turn } from '../concurrency/admission.js';
import { InvalidInput, type Unauthenticated } from '../errors.js';
import { createLoaders, type Loaders } from '../reads/loaders.js';
import type { RefundQueue } from '../services/refunds/refund-queue.js';
import type { Command } from '../services/unit-of-work/command.js';
import type { Idempotency } from '../services/unit-of-work/idempotency.js';
import type { RequestLog } from './request-log.js';

/** What a mutation has done: the objects that it made or changed, now or when the same was sent before. */
export interface Written {
  readonly type: string;
  readonly ids: readonly string[];
}

/** What one request works with. It has its own EntityManager, and so its own identity map and its own loaders. */
export class Context {
  private fork: EntityManager | undefined;
  private loadersOfFork: Loaders | undefined;
  /** Of each command that came with an idempotency key. */
  private readonly outcomes = new Map<Idempotency, { readonly replayed: boolean }>();
  /** Whether the arguments of the operation keep the rules of their input classes. */
  argumentsChecked = false;
  /** What each mutation has done, by its name in the response. */
  readonly written = new Map<string, Written>();
  /** What the operation costs. */
  cost = 0;

  constructor(
    private readonly root: EntityManager,
    readonly refunds: RefundQueue,
    readonly request: RequestMetadata,
    readonly log: RequestLog,
    readonly config: { readonly duplicateWindowSeconds: number },
    private readonly caller: Actor | Unauthenticated,
    /** The Idempotency-Key header. */
    private readonly idempotencyKey: string | undefined,
    readonly turn: Turn,
  ) {}

  /** @throws {ServiceUnavailable} if the client has gone: nothing more is begun for it */
  get em(): EntityManager {
    this.turn.signal.throwIfAborted();
    this.fork ??= this.root.fork();
    return this.fork;
  }

  get loaders(): Loaders {
    // Each statement asks for the organization before it is sent.
    this.loadersOfFork ??= createLoaders(this.em, () => {
      this.turn.signal.throwIfAborted();
      return this.actor.organization;
    });
    return this.loadersOfFork;
  }

  /**
   * Who is calling.
   *
   * @throws {Unauthenticated} if the request may do no more than ask for the schema
   */
  get actor(): Actor {
    if (this.caller instanceof Error) throw this.caller;
    return this.caller;
  }

  get isAuthenticated(): boolean {
    return !(this.caller instanceof Error);
  }

  assertArgumentsChecked(): void {
    if (!this.argumentsChecked) throw new Error('an operation is executed whose arguments nobody has checked');
  }

  /**
   * Checks the idempotency key that a command would begin with.
   *
   * @param count of the commands in it, if it holds several
   * @throws {InvalidInput} what {@link begin} and {@link beginSeveral} throw
   */
  assertKey(argument: string | null | undefined, count: number): void {
    this.keyOf(argument, count === 0 ? 0 : `#${count - 1}`.length);
  }

  /** Executes a command that stands alone, with the mutation's idempotencyKey. Throws what the command throws. */
  execute<Input, Result>(
    command: Command<Input, Result>,
    input: Input,
    idempotencyKey: string | null | undefined,
  ): Promise<Result> {
    return command(this.em, this.actor, input, this.begin(idempotencyKey));
  }

  /**
   * Begins a command: what was read before it is forgotten, since several commands may stand in one document.
   *
   * @param argument the mutation's idempotencyKey
   * @returns the caller's idempotency key, from the argument or else from the header
   * @throws {InvalidInput}
   */
  begin(argument?: string | null): Idempotency | undefined {
    this.forget();
    const key = this.keyOf(argument);
    return key === undefined ? undefined : this.idempotency(key);
  }

  /**
   * Begins a command that holds several: the caller's key is the whole one's, and each has it with its own number.
   *
   * @returns what {@link begin} returns, for the whole and for each
   */
  beginSeveral(
    count: number,
    argument?: string | null,
  ): { readonly whole: Idempotency | undefined; readonly each: readonly (Idempotency | undefined)[] } {
    this.forget();
    const key = this.keyOf(argument, `#${count - 1}`.length);
    const numbered = Array.from({ length: count }, (_, index) =>
      key === undefined ? undefined : this.idempotency(`${key}#${index}`),
    );
    return { whole: key === undefined ? undefined : this.idempotency(key), each: numbered };
  }

  private forget(): void {
    this.turn.signal.throwIfAborted();
    this.fork = undefined;
    this.loadersOfFork = undefined;
  }

  private keyOf(argument: string | null | undefined, room = 0): string | undefined {
    const key = argument ?? this.idempotencyKey;
    if (key === undefined) return undefined;
    if (!/^[\x21-\x7e]{1,255}$/.test(key) || key.length + room > 255) {
      const reason = `idempotencyKey must be 1 to ${255 - room} visible ASCII characters`;
      throw new InvalidInput([{ field: 'idempotencyKey', constraints: { isIdempotencyKey: reason }, value: key }]);
    }
    return key;
  }

  private idempotency(key: string): Idempotency {
    const idempotency: Idempotency = { key, onOutcome: (outcome) => void this.outcomes.set(idempotency, outcome) };
    return idempotency;
  }

  /** Whether every command that came with an idempotency key had been done before; `undefined` if none came with one. */
  get idempotencyOutcome(): { readonly replayed: boolean } | undefined {
    return this.outcomes.size === 0 ? undefined : { replayed: [...this.outcomes.values()].every(({ replayed }) => replayed) };
  }

  /** The header's key is for one command: several in one request would meet one another's key, and are refused. */
  refuseSharedKey(commands: number): InvalidInput | null {
    if (this.idempotencyKey === undefined || commands <= 1) return null;
    const reason = 'The Idempotency-Key header is for one mutation; give each of several its own idempotencyKey argument';
    return new InvalidInput([{ field: 'idempotencyKey', constraints: { isForOneMutation: reason } }]);
  }
}
