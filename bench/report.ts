import type { Abuse } from './abuse.js';
import { SPREADS, type Spread } from './books.js';
import type { Imported } from './import.js';
import { type Figure, MAX_GENERATOR_SHARE, MILLION_PLAN, type Plan, type Sample, WARM_UP } from './measure.js';
import { medianOf } from './statistics.js';

/** SQL statements per request, including those that begin and end a transaction. */
export interface Statements {
  readonly refundAt1: number;
  readonly refundAt32: number;
  readonly page: number;
  readonly note: number;
  readonly list: number;
}

/** What one client reads, and through which door of the gateway. */
export const READINGS = { page: 'graphql', note: 'graphql', list: 'rest' } as const;

const TITLES: Readonly<Record<keyof typeof READINGS, string>> = {
  page: 'a page of 100 refunds with their relations, by GraphQL',
  note: 'one note with its customer, by GraphQL',
  list: '100 refunds of a note with their accounts and the note, by REST',
};

export interface Report {
  readonly date: string;
  readonly machine: {
    readonly cores: number;
    readonly cpu: string;
    readonly memoryGb: number;
    readonly node: string;
    readonly platform: string;
    readonly commit: string;
  };
  readonly settings: { readonly fsync: string; readonly synchronousCommit: string; readonly postgres: string };
  readonly floorDriver: string;
  readonly plan: Plan;
  readonly figures: readonly Figure[];
  readonly statements: Statements | null;
  readonly readyMs: number;
  readonly memory: readonly { readonly refunds: number; readonly mb: number | null }[];
  /** Empty if abuse was not measured. */
  readonly abuse: readonly Abuse[];
  /** The highest rate of the load generator, against a server without any work. */
  readonly ceiling: { readonly rate: number; readonly cpuShare: number };
  readonly million: { readonly refunds: number; readonly readyMs: number } | null;
  readonly imported: Imported | null;
  readonly remarks: readonly string[];
}

export interface Goal {
  readonly goal: string;
  readonly measured: string;
  /** `null` if the figure was not measured. */
  readonly met: boolean | null;
}

/** The figure with that name, if it was measured and is valid. */
function figureOf({ figures }: Report, name: string): Figure | undefined {
  return figures.find((figure) => figure.name === name && figure.rounds > 0);
}

/**
 * The ratio of two figures: the median of the ratios of each round, because a disturbance of the machine affects both samples of a
 * round alike. `null` if one of them was not measured.
 */
function times(above: Figure | undefined, below: Figure | undefined, value: (sample: Sample) => number): number | null {
  const ratios = above?.samples.map((sample, round) => {
    const other = below?.samples[round];
    return sample.invalid === null && other?.invalid === null ? value(sample) / value(other) : null;
  });
  return medianOf(ratios ?? []);
}

const rate = ({ rate }: Pick<Sample, 'rate'>): number => rate;
const p50 = ({ p50 }: Pick<Sample, 'p50'>): number => p50;

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

/** Credit notes and refunds a second. */
function importRate({ creditNotes, refunds, seconds }: Imported): number {
  return (creditNotes + refunds) / seconds;
}

/** The slowdown of each case with a million refunds in the ledger. */
function slowdowns(report: Report): { small: Figure; million: Figure; ours: boolean; slower: number | null }[] {
  return report.figures.flatMap((small) => {
    if (!small.name.startsWith('small/')) return [];
    const million = report.figures.find(({ name }) => name === small.name.replace('small/', 'million/'));
    if (million === undefined) return [];
    // The floor and hand-written SQL do not use the gateway; they show PostgreSQL's own slowdown.
    const ours = small.door === 'graphql' || small.door === 'rest';
    return [{ small, million, ours, slower: times(small, million, rate) }];
  });
}

interface Row {
  readonly work: Spread;
  readonly clients: number;
  readonly floor: Figure | undefined;
  readonly graphql: Figure | undefined;
  readonly rest: Figure | undefined;
}

/** The figures of refunds, one row per spread and number of clients. */
export function refundRows(report: Report): Row[] {
  const measured = ({ floor, graphql, rest }: Row): boolean => Boolean(floor ?? graphql ?? rest);
  const clients = [...new Set(report.figures.filter(({ name }) => name.startsWith('refund/')).map((figure) => figure.clients))];
  const rows = (Object.keys(SPREADS) as Spread[]).flatMap((work) =>
    clients.map((count) => {
      const of = (door: string): Figure | undefined => figureOf(report, `refund/${work}/${count}/${door}`);
      return { work, clients: count, floor: of('floor'), graphql: of('graphql'), rest: of('rest') };
    }),
  );
  return rows.filter(measured);
}

/** The report as Markdown. */
export function table(report: Report): string {
  const { machine, settings, plan, statements, ceiling, million } = report;
  const busiest = largest(report.figures.flatMap(({ generatorShare }) => generatorShare ?? []));
  const fastest = largest(report.figures.filter(({ door }) => door === 'graphql' || door === 'rest').map(rate));
  const invalid = report.figures.flatMap(({ name, invalid }) => invalid.map((reason) => `- \`${name}\`: ${reason}`));
  return `${[
    '# Performance',
    '`npm run bench` writes this page; all figures are in [latest.json](latest.json).',
    `${report.date.slice(0, 10)}, commit ${machine.commit}: ${machine.cores} cores of ${machine.cpu}, ${machine.memoryGb} GB, ${machine.platform}, ` +
      `Node ${machine.node}, PostgreSQL ${settings.postgres} with fsync ${settings.fsync} and synchronous_commit ${settings.synchronousCommit}. ` +
      'Clients, gateway and database share the cores.',
    '## Goals',
    rows(
      ['goal', 'measured', 'met'],
      goalsOf(report).map(({ goal, measured, met }) => [goal, measured, met === null ? 'not measured' : met ? 'yes' : '**no**']),
    ),
    '## Refunds',
    '![Refunds a second](throughput.svg)',
    '![Latency](latency.svg)',
    rows(
      ['spread', 'clients', 'floor/s', 'p50 ms', 'p99', 'GraphQL/s', 'p50', 'p99', '× floor', 'REST/s', 'p50', 'p99', '× floor'],
      refundRows(report).map(({ work, clients, floor, graphql, rest }) => [
        SPREADS[work],
        String(clients),
        ...cells(floor),
        ...cells(graphql),
        number(times(graphql, floor, rate)),
        ...cells(rest),
        number(times(rest, floor, rate)),
      ]),
    ),
    `Highest rate of the floor in each spread, with any number of clients: ${bestFloors(report)}.`,
    '## Cost of a refund',
    rows(
      ['spread', 'clients', 'door', 'CPU ms, gateway', 'CPU ms, PostgreSQL', 'refunds per transaction'],
      refundRows(report).flatMap(({ floor, graphql, rest }) =>
        [floor, graphql, rest].flatMap((figure) =>
          figure === undefined || (figure.clients !== 1 && figure.clients !== 32)
            ? []
            : [
                [
                  SPREADS[figure.work as Spread],
                  String(figure.clients),
                  figure.door,
                  number(figure.gatewayCpuMs),
                  number(figure.postgresCpuMs),
                  number(figure.refundsPerTransaction),
                ],
              ],
        ),
      ),
    ),
    statements === null
      ? 'SQL statements were not counted.'
      : `SQL statements of a refund by GraphQL, from authentication to reply: ${number(statements.refundAt1)} at 1 client, ` +
        `${number(statements.refundAt32)} at 32.`,
    '## Reading, 1 client',
    rows(
      ['request', 'hand-written SQL p50 ms', 'p99', 'gateway p50', 'p99', 'times', 'SQL statements'],
      (Object.keys(READINGS) as (keyof typeof READINGS)[]).map((work) => {
        const [sql, gateway] = [figureOf(report, `reading/${work}/1/sql`), figureOf(report, `reading/${work}/1/${READINGS[work]}`)];
        return [
          TITLES[work],
          number(sql?.p50),
          number(sql?.p99),
          number(gateway?.p50),
          number(gateway?.p99),
          number(times(gateway, sql, p50)),
          number(statements?.[work]),
        ];
      }),
    ),
    '## Start and memory',
    `Ready ${number(report.readyMs / 1000)} s after the start with an existing ledger` +
      `${million === null ? '' : `, ${number(million.readyMs / 1000)} s with a million refunds in it`}.`,
    rows(
      ['refunds through one process', 'resident MB'],
      milestones(report.memory).map(({ refunds, mb }) => [String(refunds), number(mb)]),
    ),
    ...(million === null
      ? []
      : [
          '## With a million refunds in the ledger',
          'Measured in alternation with a new ledger.',
          rows(
            ['case', 'new: /s', 'p50 ms', 'p99', 'million: /s', 'p50', 'p99', 'times slower'],
            slowdowns(report).map(({ small, million, slower }) => [
              small.name.replace('small/', ''),
              ...cells(small),
              ...cells(million),
              number(slower),
            ]),
          ),
          rows(
            ['list', 'p50 ms', 'p99', 'CPU ms, gateway', 'CPU ms, PostgreSQL'],
            report.figures
              .filter(({ name }) => name.startsWith('million/list/'))
              .map((figure) => [
                figure.name.replace('million/list/', ''),
                number(figure.p50),
                number(figure.p99),
                number(figure.gatewayCpuMs),
                number(figure.postgresCpuMs),
              ]),
          ),
        ]),
    ...(report.abuse.length === 0
      ? []
      : [
          '## Under abuse',
          'Refunds of one organization by 4 clients, first without a flood, then while another organization floods the gateway: on 16 connections ' +
            'without pauses, or on 200 with bodies that never end. The rate limit is off.',
          rows(
            [
              'flood',
              'quiet: p99 ms',
              'flooded: p50',
              'p99',
              'p99, times',
              'slowest /healthz ms',
              'resident MB',
              'replies by status',
            ],
            report.abuse.map(({ name, quiet, flooded, healthMs, residentMb, replies }) => [
              name,
              number(quiet.p99),
              number(flooded.p50),
              number(flooded.p99),
              number(flooded.p99 / quiet.p99),
              number(healthMs),
              number(residentMb),
              Object.entries(replies)
                .map(([status, count]) => `${status}: ${count}`)
                .join(', '),
            ]),
          ),
        ]),
    ...(report.imported === null
      ? []
      : [
          '## Import from Bigcapital',
          `${report.imported.creditNotes} credit notes with ${report.imported.refunds} refunds, from a server on the same machine: ` +
            `${number(report.imported.seconds)} s with the report and the check of the books, ${number(importRate(report.imported))} records a second, ` +
            `${number(report.imported.residentMb)} MB resident.`,
        ]),
    '## Method',
    [
      `- The floor: [bench/floor.sql](../../bench/floor.sql), the statements of one refund in one transaction, by ${report.floorDriver}, ` +
        'on the same tables, in the same role, over the same Unix socket. It parses no requests, checks nothing and sends no replies. The server ' +
        'allows 100 connections, so the floor for 128 clients uses 80.',
      '- The gateway: started as by `npm start`, with its default configuration and its log in a file. Clients use HTTP/1.1 and an API key; ' +
        'each has one connection, and sends its next refund after the reply to the last one. Before the first round, the gateway makes ' +
        `${WARM_UP.refunds} refunds, so that frequent code is compiled.`,
      `- Rounds: figures are the medians of ${plan.rounds} rounds of ${plan.seconds} s, with all cases in turn in each round; with a million refunds, of ` +
        `${MILLION_PLAN.rounds} rounds of ${MILLION_PLAN.seconds} s. Ratios are the medians of the ratios of each round, because a disturbance of the machine affects ` +
        'both samples of a round alike. Each load first warms up its connections for 1 s, or for 2 s with more than 8 clients. Percentiles are exact, of all refunds of a round.',
      '- Correctness: each reply must be a success, the database must contain exactly the acknowledged refunds, and after each ' +
        'round (with a million refunds only after the last one) the audit must find no fault. Otherwise there is no figure.',
      `- The load generator: a process of its own, which used at most ${percent(busiest)} of a core; a figure with more than ` +
        `${percent(MAX_GENERATOR_SHARE)} does not count. Against a server without any work, with bodies and replies of the same size, it reaches ` +
        `${number(ceiling.rate)} requests a second, ${number(fastest === null ? null : ceiling.rate / fastest)} times the highest rate of the gateway.`,
      '- CPU time: the difference in /proc before and after each load, of the gateway and of PostgreSQL with all backends.',
    ].join('\n'),
    ...(invalid.length === 0 ? [] : [`## Invalid samples\n\n${invalid.join('\n')}`]),
    ...report.remarks,
  ].join('\n\n')}\n`;
}

function cells(figure: Figure | undefined): string[] {
  return [number(figure?.rate), number(figure?.p50), number(figure?.p99)];
}

function bestFloors(report: Report): string {
  return (Object.keys(SPREADS) as Spread[])
    .map((work) => {
      const of = refundRows(report).filter((row) => row.work === work);
      const best = largest(of.flatMap(({ floor }) => floor?.rate ?? []));
      const at32 = figureOf(report, `refund/${work}/32/graphql`)?.rate;
      return `${SPREADS[work]} ${number(best)}/s (GraphQL at 32 clients: ${number(best && at32 && at32 / best)} of it)`;
    })
    .join('; ');
}

/** The first sample, the last one, and the first one after each ten thousand refunds. */
function milestones(memory: Report['memory']): Report['memory'] {
  let next = 0;
  return memory.filter(({ refunds }, index) => {
    if (refunds < next && index < memory.length - 1) return false;
    next = (Math.floor(refunds / 10_000) + 1) * 10_000;
    return true;
  });
}

function rows(head: readonly string[], body: readonly (readonly string[])[]): string {
  return [head, head.map((_, index) => (index === 0 ? '---' : '--:')), ...body]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

/** Rounds to three digits, which is more precise than the measurement. */
function number(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  if (value >= 100) return value.toFixed(0);
  return String(Number(value.toPrecision(3)));
}

function percent(share: number | null): string {
  return share === null ? '–' : `${Math.round(share * 100)} %`;
}

function largest(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.max(...values);
}
