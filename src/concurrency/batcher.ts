/** Work that takes longer, on a connection that has gone silent, say, holds up nobody else. */
const LONGEST_MS = 5_000;

/** More than this at once makes everybody wait for the last. */
const MOST_AT_ONCE = 100;

interface Waiting<Item, Result> {
  readonly item: Item;
  resolve(result: Result | PromiseLike<Result>): void;
  reject(reason: unknown): void;
}

/**
 * Does the same work for many at a time: items that arrive while the work of their group is under way go together into its
 * next. With nothing under way, an item goes at once. It is to writing what a DataLoader is to reading, and keeps nothing.
 */
export class Gathering<Group, Item, Result> {
  /** Who waits, for each group whose work is under way. */
  private readonly underWay = new Map<Group, Waiting<Item, Result>[]>();

  /**
   * @param work gives each item its result, in their order, or the promise of one. The next work of the group begins when it
   *   has ended, or earlier when it says so by calling `proceed`
   */
  constructor(
    private readonly work: (
      items: readonly Item[],
      group: Group,
      proceed: () => void,
    ) => Promise<readonly (Result | PromiseLike<Result>)[]>,
  ) {}

  add(group: Group, item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      const waiting = { item, resolve, reject };
      const others = this.underWay.get(group);
      if (others !== undefined) others.push(waiting);
      else void this.workThrough(group, [waiting]);
    });
  }

  private async workThrough(group: Group, waiting: Waiting<Item, Result>[]): Promise<void> {
    this.underWay.set(group, waiting);
    while (waiting.length > 0) {
      const taken = waiting.splice(0, MOST_AT_ONCE);
      await new Promise<void>((proceed) => {
        const timer = setTimeout(proceed, LONGEST_MS);
        void this.workOn(taken, group, proceed).finally(() => clearTimeout(timer));
      });
    }
    this.underWay.delete(group);
  }

  private async workOn(taken: readonly Waiting<Item, Result>[], group: Group, proceed: () => void): Promise<void> {
    try {
      const items = taken.map(({ item }) => item);
      const results = await this.work(items, group, proceed);
      // Each item has its result: the work is written so.
      for (const [index, { resolve }] of taken.entries()) resolve(results[index] as Result);
    } catch (error) {
      for (const { reject } of taken) reject(error);
    }
    proceed();
  }
}
