/** The next batch of a group starts after this time, even if the running one has not ended, for example because its connection is dead. */
const MAX_HOLD_UP_MS = 5_000;

/** Largest batch. All items of a batch wait for its slowest item. */
const MAX_BATCH = 100;

interface Pending<Item, Result> {
  readonly item: Item;
  resolve(result: Result | PromiseLike<Result>): void;
  reject(reason: unknown): void;
}

/**
 * Group commit: processes many items at a time. Items that arrive while a batch of their group is running form the group's next batch. If
 * none is running, an item starts one at once. It resembles a DataLoader, but for writes, and without a cache.
 *
 * @example
 * const batcher = new Batcher<string, number, Row>((ids, table) => loadRows(table, ids));
 * const row = await batcher.add('refunds', 7);
 */
export class Batcher<Group, Item, Result> {
  /** The items for the next batch of each group that has a batch running. */
  private readonly queues = new Map<Group, Pending<Item, Result>[]>();

  /**
   * @param processBatch returns the result of each item, or a promise of it, in the order of the items. The next batch of the group starts
   *   when `processBatch` has resolved, or earlier, if it calls `proceed`
   */
  constructor(
    private readonly processBatch: (
      items: readonly Item[],
      group: Group,
      proceed: () => void,
    ) => Promise<readonly (Result | PromiseLike<Result>)[]>,
  ) {}

  /** Returns the item's result, or rejects with the error of its batch. */
  add(group: Group, item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      const pending = { item, resolve, reject };
      const queue = this.queues.get(group);
      if (queue !== undefined) queue.push(pending);
      else void this.drain(group, [pending]);
    });
  }

  private async drain(group: Group, queue: Pending<Item, Result>[]): Promise<void> {
    this.queues.set(group, queue);
    while (queue.length > 0) {
      const batch = queue.splice(0, MAX_BATCH);
      await new Promise<void>((proceed) => {
        const timer = setTimeout(proceed, MAX_HOLD_UP_MS);
        void this.settle(batch, group, proceed).finally(() => clearTimeout(timer));
      });
    }
    this.queues.delete(group);
  }

  private async settle(batch: readonly Pending<Item, Result>[], group: Group, proceed: () => void): Promise<void> {
    try {
      const items = batch.map(({ item }) => item);
      const results = await this.processBatch(items, group, proceed);
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] as Result);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    proceed();
  }
}
