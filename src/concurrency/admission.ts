import { ServiceUnavailable } from '../errors.js';

/** Limits of the cost in flight, as multiples of the cost limit of one operation. */
const MAX_PER_ORGANIZATION = 2;
const MAX_IN_TOTAL = 4;

/** Operations that cost less than this part of the limit never wait. */
const CHEAP = 1 / 20;

/** Limits of the operations of one organization that wait, and of their wait. */
const MAX_WAITING = 200;
const MAX_WAIT_MS = 5_000;

const BUSY = 'Too many costly requests are waiting; this one was not started, send it again';

interface Waiting {
  readonly cost: number;
  start(): void;
}

interface OrganizationLoad {
  inFlight: number;
  readonly waiting: Waiting[];
}

/**
 * Limits the total cost of the operations in flight, so that the process stays within its memory and answers cheap requests in time. The
 * organization with the least cost in flight is next.
 */
export class Admission {
  private inFlight = 0;
  /** Organizations with operations in flight or waiting, in the order of their last start. */
  private readonly organizations = new Map<number, OrganizationLoad>();

  /** @param limit highest cost of one operation */
  constructor(readonly limit: number) {}

  /**
   * Waits until the operation may start.
   *
   * @param cost of the operation, within the limit
   * @param signal aborts when the client has disconnected
   * @returns a function to call when the operation has ended
   * @throws {ServiceUnavailable} if the queue is full, the wait takes too long, or the client disconnects
   */
  async enter(organizationId: number, cost: number, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (cost < this.limit * CHEAP) return () => undefined;
    const organization = this.organizations.get(organizationId) ?? { inFlight: 0, waiting: [] };
    this.organizations.set(organizationId, organization);
    if (organization.waiting.length >= MAX_WAITING) throw new ServiceUnavailable(BUSY);
    await new Promise<void>((resolve, reject) => {
      const giveUp = (): void => {
        settled();
        organization.waiting.splice(organization.waiting.indexOf(waiting), 1);
        this.forget(organizationId, organization);
        reject(new ServiceUnavailable(BUSY));
        // A cheaper operation may have waited behind this one.
        this.admit();
      };
      const timer = setTimeout(giveUp, MAX_WAIT_MS);
      const settled = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
      };
      const waiting: Waiting = {
        cost,
        start: () => {
          settled();
          resolve();
        },
      };
      signal.addEventListener('abort', giveUp);
      organization.waiting.push(waiting);
      this.admit();
    });
    return this.leaving(organizationId, organization, cost);
  }

  /**
   * Starts the operation if it need not wait.
   *
   * @returns a function to call when the operation has ended; `null` if there is no room, or others wait for it
   */
  enterNow(organizationId: number, cost: number): (() => void) | null {
    if (cost < this.limit * CHEAP) return () => undefined;
    const organization = this.organizations.get(organizationId) ?? { inFlight: 0, waiting: [] };
    if ([...this.organizations.values()].some(({ waiting }) => waiting.length > 0)) return null;
    if (organization.inFlight + cost > this.limit * MAX_PER_ORGANIZATION) return null;
    if (this.inFlight + cost > this.limit * MAX_IN_TOTAL) return null;
    this.start(organizationId, organization, cost);
    return this.leaving(organizationId, organization, cost);
  }

  private start(id: number, organization: OrganizationLoad, cost: number): void {
    organization.inFlight += cost;
    this.inFlight += cost;
    this.organizations.delete(id);
    this.organizations.set(id, organization);
  }

  private leaving(id: number, organization: OrganizationLoad, cost: number): () => void {
    return () => {
      this.inFlight -= cost;
      organization.inFlight -= cost;
      this.forget(id, organization);
      this.admit();
    };
  }

  /**
   * Starts waiting operations while there is room. The first one of the organization with the least cost in flight is next; among equals,
   * that of the organization whose last start is longest ago.
   */
  private admit(): void {
    for (;;) {
      const [[id, organization] = []] = [...this.organizations]
        .filter(
          ([
            ,
            {
              waiting: [first],
              inFlight,
            },
          ]) => first !== undefined && inFlight + first.cost <= this.limit * MAX_PER_ORGANIZATION,
        )
        .sort(([, one], [, other]) => one.inFlight - other.inFlight);
      const [next] = organization?.waiting ?? [];
      if (id === undefined || organization === undefined || next === undefined) return;
      // No cheaper operation may overtake it, or it might never start.
      if (this.inFlight + next.cost > this.limit * MAX_IN_TOTAL) return;
      organization.waiting.shift();
      this.start(id, organization, next.cost);
      next.start();
    }
  }

  private forget(id: number, { inFlight, waiting }: OrganizationLoad): void {
    if (inFlight === 0 && waiting.length === 0) this.organizations.delete(id);
  }
}

/** A request's permit to execute its operation. */
export class Permit {
  private leave: (() => void) | undefined;
  private isOver = false;

  /** @param signal aborts when the client has disconnected */
  constructor(readonly signal: AbortSignal) {}

  /** Waits until the request's operation may start, and throws the errors of {@link Admission.enter}. */
  async take(admission: Admission, organizationId: number, cost: number): Promise<void> {
    const leave = await admission.enter(organizationId, cost, this.signal);
    if (this.isOver) leave();
    else this.leave = leave;
  }

  /** Lets the request's operation start if it need not wait, and returns whether it may. */
  takeNow(admission: Admission, organizationId: number, cost: number): boolean {
    const leave = admission.enterNow(organizationId, cost);
    if (leave === null) return false;
    if (this.isOver) leave();
    else this.leave = leave;
    return true;
  }

  /** Returns the permit when the operation has ended. One that is given later returns at once. */
  release(): void {
    this.isOver = true;
    this.leave?.();
  }
}
