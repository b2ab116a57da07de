import type { FastifyBaseLogger } from 'fastify';

/** What is logged of one request: one line when it ends, and one for each fault of ours on the way. */
export class RequestLog {
  readonly facts: Record<string, unknown> = {};

  constructor(private readonly logger: FastifyBaseLogger) {}

  add(facts: Record<string, unknown>): void {
    Object.assign(this.facts, facts);
  }

  /** Logs what is no fault of ours and passes by itself, such as a database that is just starting again. */
  passing(error: unknown): void {
    this.logger.warn({ err: error, ...this.facts }, 'unavailable');
  }

  /** Logs an unexpected error in full; the client is given the request id, nothing else. */
  fault(error: unknown): void {
    this.logger.error({ err: error, ...this.facts }, 'unexpected error');
  }
}
