import { rangesOf, type Spread } from './books.js';
import type { Floor } from './floor.js';
import type { Generator } from './generator.js';
import type { HttpWork, Limit, Outcome, SqlWork } from './load.js';
import { HTTP_DOORS, SQL_READS } from './requests.js';
import { medianOf, percentile } from './statistics.js';
import type { Growth, Subject } from './subject.js';

export type Door = 'floor' | 'graphql' | 'rest' | 'sql';

/** The highest CPU share of the load generator; above it, the figure might be that of the generator. */
export const MAX_GENERATOR_SHARE = 0.6;

/**
 * What is read: a page in the order of ids; one with a filter and another order, and the thousandth such page; a count with a filter; one note; and over
 * REST the list of a note's refunds.
 */
export type Reading = 'page' | 'filtered' | 'thousandth' | 'count' | 'note' | 'list';

function isReading(work: Case['work']): work is Reading {
  return ['page', 'filtered', 'thousandth', 'count', 'note', 'list'].includes(work);
}

/** A kind of work, a door, and a number of clients. */
export interface Case {
  readonly name: string;
  readonly subject: Subject;
  readonly work: Spread | Reading;
  readonly clients: number;
  readonly door: Door;
}

/** The result of one load of a case. */
export interface Sample {
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
  /** The load generator's CPU time as a share of one core; `null` if the load does not use the gateway. */
  readonly generatorShare: number | null;
  readonly bytesPerReply: number;
  readonly gatewayCpuMs: number | null;
  readonly postgresCpuMs: number | null;
  readonly refundsPerTransaction: number | null;
  /** The reason why this sample does not count; `null` if it counts. */
  readonly invalid: string | null;
}

/** The medians of a case's samples. */
export interface Figure extends Omit<Sample, 'invalid'> {
  readonly name: string;
  readonly work: string;
  readonly clients: number;
  readonly door: Door;
  readonly rounds: number;
  readonly invalid: readonly string[];
  /** The samples of all rounds. */
  readonly samples: readonly Sample[];
}

export class Measurement {
  constructor(
    private readonly generator: Generator,
    private readonly floor: Floor,
  ) {}

  /** Runs one load of the case. */
  async sample(measured: Case, seconds: number): Promise<Sample> {
    const { subject, work } = measured;
    const reading = isReading(work);
    const before = await subject.gateway.cpuMs();
    const { result: outcome, growth } = await subject.watched(() =>
      this.load(measured, { seconds, rampSeconds: rampSeconds(measured) }),
    );
    const after = await subject.gateway.cpuMs();
    const { latencies, requests } = outcome;
    const throughGateway = measured.door === 'graphql' || measured.door === 'rest';
    if (!reading && throughGateway) await subject.noteMemory(requests);
    const perRequest = (from: number | null, to: number | null): number | null =>
      from === null || to === null ? null : (to - from) / requests;
    return {
      rate: latencies.length / outcome.seconds,
      p50: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
      generatorShare: throughGateway ? outcome.cpuShare : null,
      bytesPerReply: outcome.bytesPerReply,
      gatewayCpuMs: throughGateway ? perRequest(before.gateway, after.gateway) : null,
      postgresCpuMs: perRequest(before.postgres, after.postgres),
      refundsPerTransaction: reading ? null : growth.refunds / growth.transactions,
      // Without the gateway, the generator itself is the measured client, so its CPU share has no limit.
      invalid: invalidReason(throughGateway ? outcome : { ...outcome, cpuShare: 0 }, growth, reading ? 0 : requests),
    };
  }

  /** Makes so many refunds through GraphQL; throws if one fails. */
  async refunds(subject: Subject, clients: number, requests: number, work: Spread = 'spread'): Promise<void> {
    const measured: Case = { name: 'refunds', subject, work, clients, door: 'graphql' };
    const { result: outcome, growth } = await subject.watched(() => this.load(measured, { requests }));
    const wrong = invalidReason(outcome, growth, requests);
    if (wrong !== null) throw new Error(wrong);
    await subject.noteMemory(requests);
  }

  /** Reads so many pages or notes through GraphQL, or lists over REST. */
  async reads(subject: Subject, work: 'page' | 'note' | 'list', requests: number): Promise<void> {
    await this.load({ name: work, subject, work, clients: 1, door: 'graphql' }, { requests });
  }

  private async load({ subject, work, clients, door }: Case, limit: Limit): Promise<Outcome> {
    const { gateway, books } = subject;
    if (isReading(work)) {
      const ranges = { note: books.notes, after: await subject.pageStarts(100) };
      const asked = door === 'sql' ? this.inSql(work, subject) : await this.throughGateway(work, subject);
      return this.generator.run({ work: asked, ranges, clients, limit });
    }
    const ranges = rangesOf(books, work);
    if (door === 'floor' && 'seconds' in limit) return this.floor({ books, ranges, clients, limit });
    const asked = HTTP_DOORS[door === 'rest' ? 'rest' : 'graphql'](gateway.url, books);
    return this.generator.run({ work: asked, ranges, clients, limit });
  }

  private inSql(work: Reading, { books }: Subject): SqlWork {
    if (work === 'count' || work === 'thousandth') throw new Error(`there is no hand-written SQL for ${work}`);
    return SQL_READS[work](books);
  }

  private async throughGateway(work: Reading, subject: Subject): Promise<HttpWork> {
    const { gateway, books } = subject;
    if (work === 'thousandth') return HTTP_DOORS.filtered(gateway.url, books, await subject.cursorOfThousandthPage());
    return HTTP_DOORS[work](gateway.url, books);
  }
}

/** An audit that takes longer runs only after the last round. */
const LONG_AUDIT_SECONDS = 10;

export interface Plan {
  readonly rounds: number;
  readonly seconds: number;
}

/** A new process compiles its frequent code during its first refunds, which therefore do not count. */
export const WARM_UP = { clients: 8, refunds: 3_000 };

/** Small differences need more rounds than the other cases. */
export const MILLION_PLAN: Plan = { rounds: 4, seconds: 1.5 };

/**
 * Runs all cases in turn in each round, so that disturbances of the machine affect all cases alike. An audit of the ledger follows:
 * a fault means that there are no figures. A fault would still be found after the last round, because posted rows never change;
 * so only short audits run after every round.
 */
export async function measureInRounds(
  measurement: Measurement,
  cases: readonly Case[],
  { rounds, seconds }: Plan,
  printProgress: (line: string) => void,
): Promise<Figure[]> {
  const samples = new Map<string, Sample[]>(cases.map(({ name }) => [name, []]));
  const auditSeconds = new Map<Subject, number>();
  for (let round = 1; round <= rounds; round += 1) {
    for (const measured of cases) {
      const sample = await measurement.sample(measured, seconds);
      samples.get(measured.name)?.push(sample);
      const figures = `${sample.rate.toFixed(0)}/s, p50 ${sample.p50.toFixed(2)} ms, p99 ${sample.p99.toFixed(2)} ms`;
      printProgress(`round ${round}/${rounds}  ${measured.name.padEnd(34)} ${sample.invalid ?? figures}`);
    }
    for (const subject of new Set(cases.map(({ subject }) => subject))) {
      if (round < rounds && (auditSeconds.get(subject) ?? 0) > LONG_AUDIT_SECONDS) continue;
      const begun = performance.now();
      await subject.audit();
      const took = (performance.now() - begun) / 1000;
      auditSeconds.set(subject, took);
      printProgress(`round ${round}/${rounds}  the ${subject.gateway.ledger.name} ledger is right (${took.toFixed(1)} s)`);
    }
  }
  return cases.map(({ name, work, clients, door }) => ({ name, work, clients, door, ...middle(samples.get(name) ?? []) }));
}

function middle(samples: readonly Sample[]): Omit<Figure, 'name' | 'work' | 'clients' | 'door'> {
  const valid = samples.filter(({ invalid }) => invalid === null);
  const of = (value: (sample: Sample) => number | null): number | null => medianOf(valid.map(value));
  return {
    rounds: valid.length,
    rate: of(({ rate }) => rate) ?? Number.NaN,
    p50: of(({ p50 }) => p50) ?? Number.NaN,
    p99: of(({ p99 }) => p99) ?? Number.NaN,
    generatorShare: of(({ generatorShare }) => generatorShare),
    bytesPerReply: of(({ bytesPerReply }) => bytesPerReply) ?? Number.NaN,
    gatewayCpuMs: of(({ gatewayCpuMs }) => gatewayCpuMs),
    postgresCpuMs: of(({ postgresCpuMs }) => postgresCpuMs),
    refundsPerTransaction: of(({ refundsPerTransaction }) => refundsPerTransaction),
    invalid: samples.flatMap(({ invalid }) => invalid ?? []),
    samples,
  };
}

/** The warm-up time of a load's connections. A new connection costs PostgreSQL as much as twenty refunds of the floor. */
function rampSeconds({ clients }: Case): number {
  return clients > 8 ? 2 : 1;
}

/** The reason why a load does not count: a reply was no success, or the number of refunds in the database differs. */
function invalidReason({ latencies, failures, firstFailure, cpuShare }: Outcome, growth: Growth, refunds: number): string | null {
  if (failures > 0) return `${failures} requests failed, such as: ${firstFailure}`;
  if (latencies.length === 0) return 'no request was answered within the measured time';
  if (growth.refunds !== refunds) return `${refunds} refunds were acknowledged, but ${growth.refunds} are in the database`;
  if (cpuShare > MAX_GENERATOR_SHARE) return `the load generator used ${Math.round(cpuShare * 100)} % of a core`;
  return null;
}
