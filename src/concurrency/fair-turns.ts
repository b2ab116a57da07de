/**
 * Lets one request of each organization begin in a turn of the event loop. Whoever sends many at once waits behind its own requests, and the
 * others wait for one of them in each turn, not for all.
 */
export class FairTurns {
  /** Whose turn is over until the next one. */
  private readonly begun = new Set<number>();
  private readonly waiting = new Map<number, (() => void)[]>();

  /** Resolves when the organization's next request may begin: at once, if none has begun in this turn. */
  async take(organizationId: number): Promise<void> {
    if (!this.begun.has(organizationId)) {
      if (this.begun.size === 0) setImmediate(this.next);
      this.begun.add(organizationId);
      return;
    }
    await new Promise<void>((resolve) => {
      const others = this.waiting.get(organizationId);
      if (others === undefined) this.waiting.set(organizationId, [resolve]);
      else others.push(resolve);
    });
  }

  private readonly next = (): void => {
    this.begun.clear();
    for (const [organizationId, requests] of this.waiting) {
      requests.shift()?.();
      this.begun.add(organizationId);
      if (requests.length === 0) this.waiting.delete(organizationId);
    }
    if (this.begun.size > 0) setImmediate(this.next);
  };
}
