import { SPREADS, type Spread } from './books.js';
import { number } from './markdown.js';
import type { Figure } from './measure.js';
import { figureOf, importRate, p50, type Report, rate, refundRows, slowdowns, times } from './report.js';
import { largest, medianOf } from './statistics.js';

export interface Goal {
  readonly goal: string;
  readonly measured: string;
  /** `null` if the figure was not measured. */
  readonly met: boolean | null;
}

/** Compares the figures with the goals. */
export function goalsOf(report: Report): Goal[] {
  const atLeast = (goal: string, least: number, measured: number | null): Goal => ({
    goal: `${goal} ≥ ${least}`,
    measured: number(measured),
    met: measured === null ? null : measured >= least,
  });
  const atMost = (goal: string, most: number, measured: number | null, unit = ''): Goal => ({
    goal: `${goal} ≤ ${most}${unit}`,
    measured: measured === null ? '–' : `${number(measured)}${unit}`,
    met: measured === null ? null : measured <= most,
  });
  const of = (name: string): Figure | undefined => figureOf(report, name);
  const toFloor = (work: Spread): number | null => times(of(`refund/${work}/32/graphql`), of(`refund/${work}/32/floor`), rate);
  const at32 = (work: Spread): Figure | undefined => figureOf(report, `refund/${work}/32/graphql`);
  const tails = (Object.keys(SPREADS) as Spread[]).flatMap((work) => {
    const figure = at32(work);
    return figure === undefined ? [] : [figure.p99 / figure.p50];
  });
  const doors = refundRows(report).flatMap(({ graphql, rest }) => times(rest, graphql, rate) ?? []);
  const afterSoak = report.memory.find(({ refunds }) => refunds >= 100_000)?.mb ?? null;
  return [
    atLeast('32 clients over 200 notes, refunds/s by GraphQL / floor', 1, toFloor('spread')),
    atLeast('32 clients on one bank account, refunds/s by GraphQL / floor', 1, toFloor('one-bank')),
    atLeast('32 clients on one note, refunds/s by GraphQL / floor', 3, toFloor('one-note')),
    atMost('1 client, p50 by GraphQL / floor', 2.5, times(of('refund/spread/1/graphql'), of('refund/spread/1/floor'), p50)),
    atLeast('refunds/s by REST / GraphQL, the median of all cases', 0.97, medianOf(doors)),
    atMost('32 clients by GraphQL, p99 / p50, the worst spread', 4, largest(tails)),
    atMost('page of 100 refunds, SQL statements', 3, report.statements?.page ?? null),
    atMost('page of 100 refunds, p50 / hand-written SQL', 3, times(of('reading/page/1/graphql'), of('reading/page/1/sql'), p50)),
    atMost(
      'list of 100 refunds of a note by REST, p50 / hand-written SQL',
      3,
      times(of('reading/list/1/rest'), of('reading/list/1/sql'), p50),
    ),
    atMost('start to ready with an existing ledger', 2, report.readyMs / 1000, ' s'),
    atMost('resident memory after 100,000 refunds', 200, afterSoak, ' MB'),
    atMost(
      'a million refunds in the ledger, the worst case: times slower',
      1.2,
      largest(slowdowns(report).flatMap(({ ours, slower }) => (ours ? (slower ?? []) : []))),
    ),
    atMost(
      'a million refunds, page of 100 with a filter and an order, p50 / hand-written SQL',
      3,
      times(of('million/list/filtered/graphql'), of('million/list/filtered/sql'), p50),
    ),
    atMost(
      'a million refunds, the thousandth such page, p50 / the first',
      1.2,
      times(of('million/list/thousandth/graphql'), of('million/list/filtered/graphql'), p50),
    ),
    atMost('a million refunds, totalCount with a filter, p50', 50, of('million/list/count/graphql')?.p50 ?? null, ' ms'),
    atMost(
      'under abuse, p99 of another organization, the worst flood',
      250,
      largest(report.abuse.map(({ flooded }) => flooded.p99)),
      ' ms',
    ),
    atMost('under abuse, the slowest /healthz', 100, largest(report.abuse.map(({ healthMs }) => healthMs)), ' ms'),
    atLeast('import from Bigcapital, records/s', 5000, report.imported && importRate(report.imported)),
    atMost('import from Bigcapital, resident memory', 300, report.imported?.residentMb ?? null, ' MB'),
  ];
}
