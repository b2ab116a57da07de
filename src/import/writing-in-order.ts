import { isDataError } from '../orm/errors.js';

/** What a transaction tells the next one, and learns of the one before. */
export interface Turn<Ids> {
  /** The newest ids when the transaction before has inserted its rows; undefined if there is none, or if it has ended. */
  readonly before: Ids | undefined;
  /** Begins the next transaction. Called when the inserts are on their way, with the newest ids after them. */
  sent(after: Ids): void;
  /** Resolves when the transaction before has been committed. Rejects if it was refused: then this one begins again. */
  mayCommit(): Promise<void>;
}

/** A transaction that runs beside no other one. */
export const ALONE: Turn<never> = { before: undefined, sent: () => undefined, mayCommit: () => Promise.resolve() };

/** The transaction before was refused, so that the ids of this one are not the next ones. */
class NotNext extends Error {}

/**
 * A transaction that is written beside the one before, and committed after it. If one is refused, the next one is rolled back, and both are written
 * again, one after the other.
 */
export class WritingInOrder<Ids, Outcome> {
  /** Resolves when the inserts are on their way, or when the transaction has ended. */
  readonly isSent: Promise<void>;
  /** What became of it at last. */
  readonly outcome: Promise<Outcome>;
  /** Whether the first attempt was refused. The next one waits for the outcome. */
  isRefused = false;

  private after: Ids | undefined;
  private readonly isCommitted: Promise<boolean>;

  /**
   * @param previous the one before, if it may not have ended
   * @param write writes and commits; it is called again, alone, if the database refuses the data, or if the one before was refused
   */
  constructor(previous: WritingInOrder<Ids, unknown> | undefined, write: (turn: Turn<Ids>) => Promise<Outcome>) {
    const sent = Promise.withResolvers<void>();
    const committed = Promise.withResolvers<boolean>();
    this.isSent = sent.promise;
    this.isCommitted = committed.promise;
    const turn: Turn<Ids> = {
      before: previous?.after,
      sent: (after) => {
        this.after = after;
        sent.resolve();
      },
      mayCommit: async () => {
        if ((await previous?.isCommitted) === false) throw new NotNext();
      },
    };
    this.outcome = write(turn).then(
      (outcome) => {
        committed.resolve(true);
        return outcome;
      },
      async (error: unknown) => {
        this.isRefused = true;
        committed.resolve(false);
        await previous?.outcome;
        if (error instanceof NotNext || isDataError(error)) return write(ALONE);
        throw error;
      },
    );
    // The error is thrown where the outcome is awaited.
    this.outcome.catch(() => undefined).finally(sent.resolve);
  }
}
