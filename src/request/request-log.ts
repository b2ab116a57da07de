import type { FastifyBaseLogger } from 'fastify';

/** Characters of an error's message in an outage's line. */
const MAX_REASON = 200;

/** What is logged of one request: one line when it ends, and one for each fault of ours on the way. */
export class RequestLog {
  readonly fields: Record<string, unknown> = {};

  constructor(private readonly logger: FastifyBaseLogger) {}

  add(fields: Record<string, unknown>): void {
    Object.assign(this.fields, fields);
  }

  /**
   * Logs what is no fault of ours and passes by itself, such as a database that is just starting again. An outage meets every
   * request, so each has one short line: no stack, and of the message, which begins with the whole statement, the end.
   */
  transient(error: unknown): void {
    const { message, code } = error as Partial<Error & { code: unknown }>;
    const reason = [code, String(message ?? error).slice(-MAX_REASON)].filter(Boolean).join(': ');
    this.logger.warn({ reason, ...this.fields }, 'unavailable');
  }

  /** Logs an unexpected error in full; the client is given the request id, nothing else. */
  fault(error: unknown): void {
    this.logger.error({ err: error, ...this.fields }, 'unexpected error');
  }
}
