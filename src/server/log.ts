import { type Logger, pino } from 'pino';

/** Bytes of lines that wait while standard output takes none. */
const MAX_UNWRITTEN_BYTES = 8 * 1024 * 1024;

/** Interval of attempts to write the waiting lines. */
const RETRY_MS = 1_000;

/** Returns the log on standard output. While that takes no lines, for example on a full disk, the gateway goes on without them. */
export function openLog(level: string): Logger {
  let obstacle: string | null = null;
  let lost = 0;
  let retry: NodeJS.Timeout | undefined;
  // Precedes pino's own listener, which at the exit of the process writes the rest again and again until it succeeds.
  process.on('exit', () => {
    if (obstacle !== null) output.destroy();
  });
  // With a minimum length of 0, pino would never flush.
  const output = pino.destination({ dest: 1, sync: false, minLength: 1, maxLength: MAX_UNWRITTEN_BYTES });
  const log = pino({ level }, output);
  output.on('error', ({ message }: Error) => {
    if (obstacle === null) process.stderr.write(`The log cannot be written: ${message}. The gateway goes on without it.\n`);
    obstacle = message;
    clearTimeout(retry);
    retry = setTimeout(() => output.flush(), RETRY_MS).unref();
  });
  output.on('drop', () => {
    lost += 1;
  });
  output.on('drain', () => {
    const lines = lost;
    [obstacle, lost] = [null, 0];
    if (lines > 0) log.warn({ lines }, 'lines of the log were lost');
  });
  // Without a listener, an error of these streams would end the process.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  return log;
}
