import { type InvalidField, InvalidInput } from '../domain-error.js';
import { camelCase, parametersIn } from './names.js';

/** Reads the whole numbers of a query string, and collects the wrong ones, so that the client sees all of them at once. */
export class QueryNumbers {
  private readonly sent: Readonly<Record<string, unknown>>;
  private readonly wrong: InvalidField[] = [];

  constructor(queryString: unknown) {
    this.sent = parametersIn(queryString);
  }

  /** Returns the parameter, which is a number from 1 to the highest; `undefined` if it is absent, empty or wrong. */
  read(field: string, max: number): number | undefined {
    const value = this.sent[camelCase(field)];
    if (value === undefined || value === '') return undefined;
    const number = typeof value === 'string' && /^[1-9]\d{0,14}$/.test(value) ? Number.parseInt(value, 10) : Number.NaN;
    if (number <= max) return number;
    this.wrong.push({ field, constraints: { isInt: `${field} must be a whole number from 1 to ${max}` }, value });
    return undefined;
  }

  /** @throws {InvalidInput} if a parameter that was read is wrong */
  assertRight(): void {
    if (this.wrong.length > 0) throw new InvalidInput(this.wrong);
  }
}
