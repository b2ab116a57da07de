import { ServiceUnavailable } from '../errors.js';

/** So many times the cost that one operation may have may be in flight, of one organization and of all. */
const OF_EACH = 2;
const OF_ALL = 4;

/** What costs less than this part of it never waits. */
const CHEAP = 1 / 20;

/** So many of one organization may wait, for so long. */
const MAX_WAITING = 200;
const MAX_WAIT_MS = 5_000;

const BUSY = 'Too many costly requests are waiting; nothing of this one was begun, send it again';

interface Waiting {
  readonly cost: number;
  start(): void;
}

interface Organization {
  inFlight: number;
  readonly waiting: Waiting[];
}

/**
 * Lets in so much costly work at once that the process stays within its memory and answers cheap requests in time. Organizations
 * take turns: whoever has least in flight is next.
 */
export class Admission {
  private inFlight = 0;
  /** Those with anything in flight or waiting; of whom something was started last is last. */
  private readonly organizations = new Map<number, Organization>();

  /** @param limit what one operation may cost */
  constructor(private readonly limit: number) {}

  /**
   * @param cost no more than one operation may have
   * @returns what is to be called when the work is done
   * @throws {ServiceUnavailable} if too much is waiting already, for too long, or for a client that has gone
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
    return () => {
      this.inFlight -= cost;
      organization.inFlight -= cost;
      this.forget(organizationId, organization);
      this.admit();
    };
  }

  /** Starts what there is room for. Of whom least is in flight, the first that waits is next; of several, who was so longest ago. */
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
          ]) => first !== undefined && inFlight + first.cost <= this.limit * OF_EACH,
        )
        .sort(([, one], [, other]) => one.inFlight - other.inFlight);
      const [next] = organization?.waiting ?? [];
      // Nothing smaller overtakes it: it would never get in.
      if (id === undefined || organization === undefined || next === undefined || this.inFlight + next.cost > this.limit * OF_ALL)
        return;
      organization.waiting.shift();
      organization.inFlight += next.cost;
      this.inFlight += next.cost;
      this.organizations.delete(id);
      this.organizations.set(id, organization);
      next.start();
    }
  }

  private forget(id: number, { inFlight, waiting }: Organization): void {
    if (inFlight === 0 && waiting.length === 0) this.organizations.delete(id);
  }
}

/** The part that one request has in what is in flight. */
export class Turn {
  private leave: (() => void) | undefined;
  private isOver = false;

  /** @param signal aborts when the client has gone */
  constructor(readonly signal: AbortSignal) {}

  async take(admission: Admission, organizationId: number, cost: number): Promise<void> {
    const leave = await admission.enter(organizationId, cost, this.signal);
    if (this.isOver) leave();
    else this.leave = leave;
  }

  end(): void {
    this.isOver = true;
    this.leave?.();
  }
}
