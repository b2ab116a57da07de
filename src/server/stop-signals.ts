/** A terminal sends Ctrl-C to npm and to this process, and npm forwards it within this time. */
const ECHO_MS = 500;

/**
 * SIGTERM, SIGINT, and SIGHUP of a terminal that closes: the first asks for a stop that finishes the requests in flight, the second for an
 * immediate end.
 */
export class StopSignals {
  readonly first: Promise<NodeJS.Signals>;
  readonly second: Promise<NodeJS.Signals>;
  /** Whether the first signal has come. */
  hasCome = false;

  constructor(isUnderNpm: boolean) {
    const first = Promise.withResolvers<NodeJS.Signals>();
    const second = Promise.withResolvers<NodeJS.Signals>();
    this.first = first.promise;
    this.second = second.promise;
    let echoUntil = 0;
    for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.on(name, () => {
        if (!this.hasCome) echoUntil = isUnderNpm ? performance.now() + ECHO_MS : 0;
        // The shell of a terminal that closes sends SIGHUP, too.
        else if (name !== 'SIGHUP' && performance.now() >= echoUntil) second.resolve(name);
        this.hasCome = true;
        first.resolve(name);
      });
    }
  }
}
