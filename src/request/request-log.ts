import type { FastifyBaseLogger } from 'fastify';
import { ServiceUnavailable } from '../errors.js';
import { refusalOf } from '../orm/errors.js';

/** Characters of an error message in the log line of a transient error. */
const MAX_REASON = 200;

/** The log of one request: the fields of its final line, and a line for each transient or unexpected error. */
export class RequestLog {
  readonly fields: Record<string, unknown> = {};

  constructor(private readonly logger: FastifyBaseLogger) {}

  add(fields: Record<string, unknown>): void {
    Object.assign(this.fields, fields);
  }

  /**
   * Logs a transient error, such as a restart of the database. An outage affects every request, so the line is short: it has no stack, and
   * only the end of the message, which begins with the whole statement.
   */
  transient(error: unknown): void {
    const { message, code } = error as Partial<Error & { code: unknown }>;
    const reason = [code, String(message ?? error).slice(-MAX_REASON)].filter(Boolean).join(': ');
    this.logger.warn({ reason, ...this.fields }, 'unavailable');
  }

  /** Logs an unexpected error in full. The client gets nothing of it but the request id. */
  fault(error: unknown): void {
    this.logger.error({ err: error, ...this.fields }, 'unexpected error');
  }

  /** Logs the error of a read after a commit. The client gets its reply without what could not be read. */
  failedRead(error: unknown): void {
    if (refusalOf(error) instanceof ServiceUnavailable) this.transient(error);
    else this.fault(error);
  }
}
