/**
 * Starts at most one request of each organization per turn of the event loop. An organization that sends many requests at once delays its
 * own requests; those of others wait for one of them per turn.
 */
export class FairTurns {
  /** Organizations that have started a request in this turn. */
  private readonly begun = new Set<number>();
  private readonly waiting = new Map<number, (() => void)[]>();

  /** Resolves when the organization's next request may start: at once, if none has started in this turn. */
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
