import { SPREADS, type Spread } from './books.js';
import { goalsOf } from './goals.js';
import { number, percent, rows } from './markdown.js';
import { type Figure, MAX_GENERATOR_SHARE, MILLION_PLAN, WARM_UP } from './measure.js';
import { figureOf, importRate, p50, READINGS, type Report, rate, refundRows, slowdowns, times } from './report.js';
import { largest } from './statistics.js';

const TITLES: Readonly<Record<keyof typeof READINGS, string>> = {
  page: 'a page of 100 refunds with their relations, by GraphQL',
  note: 'one note with its customer, by GraphQL',
  list: '100 refunds of a note with their accounts and the note, by REST',
};

/** The report as a page of Markdown. */
export function pageOf(report: Report): string {
  const sections = [head, goals, refunds, cost, reading, startAndMemory, million, abuse, imported, method, invalid];
  return `${[...sections.flatMap((section) => section(report)), ...report.remarks].join('\n\n')}\n`;
}

function head({ date, machine, settings }: Report): string[] {
  return [
    '# Performance',
    '`npm run bench` writes this page; all figures are in [latest.json](latest.json).',
    `${date.slice(0, 10)}, commit ${machine.commit}: ${machine.cores} cores of ${machine.cpu}, ${machine.memoryGb} GB, ${machine.platform}, ` +
      `Node ${machine.node}, PostgreSQL ${settings.postgres} with fsync ${settings.fsync} and synchronous_commit ${settings.synchronousCommit}. ` +
      'Clients, gateway and database share the cores.',
  ];
}

function goals(report: Report): string[] {
  const body = goalsOf(report).map(({ goal, measured, met }) => [
    goal,
    measured,
    met === null ? 'not measured' : met ? 'yes' : '**no**',
  ]);
  return ['## Goals', rows(['goal', 'measured', 'met'], body)];
}

function refunds(report: Report): string[] {
  return [
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
  ];
}

function cost(report: Report): string[] {
  const { statements } = report;
  const figures = refundRows(report).flatMap(({ floor, graphql, rest }) => [floor, graphql, rest]);
  return [
    '## Cost of a refund',
    rows(
      ['spread', 'clients', 'door', 'CPU ms, gateway', 'CPU ms, PostgreSQL', 'refunds per transaction'],
      figures
        .filter((figure) => figure !== undefined)
        .filter(({ clients }) => clients === 1 || clients === 32)
        .map(({ work, clients, door, gatewayCpuMs, postgresCpuMs, refundsPerTransaction }) => [
          SPREADS[work as Spread],
          String(clients),
          door,
          number(gatewayCpuMs),
          number(postgresCpuMs),
          number(refundsPerTransaction),
        ]),
    ),
    statements === null
      ? 'SQL statements were not counted.'
      : `SQL statements of a refund by GraphQL, from authentication to reply: ${number(statements.refundAt1)} at 1 client, ` +
        `${number(statements.refundAt32)} at 32.`,
  ];
}

function reading(report: Report): string[] {
  const body = (Object.keys(READINGS) as (keyof typeof READINGS)[]).map((work) => {
    const [sql, gateway] = [figureOf(report, `reading/${work}/1/sql`), figureOf(report, `reading/${work}/1/${READINGS[work]}`)];
    return [
      TITLES[work],
      number(sql?.p50),
      number(sql?.p99),
      number(gateway?.p50),
      number(gateway?.p99),
      number(times(gateway, sql, p50)),
      number(report.statements?.[work]),
    ];
  });
  return [
    '## Reading, 1 client',
    rows(['request', 'hand-written SQL p50 ms', 'p99', 'gateway p50', 'p99', 'times', 'SQL statements'], body),
  ];
}

function startAndMemory({ readyMs, million, memory }: Report): string[] {
  return [
    '## Start and memory',
    `Ready ${number(readyMs / 1000)} s after the start with an existing ledger` +
      `${million === null ? '' : `, ${number(million.readyMs / 1000)} s with a million refunds in it`}.`,
    rows(
      ['refunds through one process', 'resident MB'],
      milestones(memory).map(({ refunds, mb }) => [String(refunds), number(mb)]),
    ),
  ];
}

function million(report: Report): string[] {
  if (report.million === null) return [];
  return [
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
  ];
}

function abuse(report: Report): string[] {
  if (report.abuse.length === 0) return [];
  return [
    '## Under abuse',
    'Refunds of one organization by 4 clients, first without a flood, then while another organization floods the gateway: on 16 connections ' +
      'without pauses, or on 200 with bodies that never end. The rate limit is off.',
    rows(
      ['flood', 'quiet: p99 ms', 'flooded: p50', 'p99', 'p99, times', 'slowest /healthz ms', 'resident MB', 'replies by status'],
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
  ];
}

function imported({ imported }: Report): string[] {
  if (imported === null) return [];
  return [
    '## Import from Bigcapital',
    `${imported.creditNotes} credit notes with ${imported.refunds} refunds, from a server on the same machine: ` +
      `${number(imported.seconds)} s with the report and the check of the books, ${number(importRate(imported))} records a second, ` +
      `${number(imported.residentMb)} MB resident.`,
  ];
}

function method({ plan, figures, ceiling, floorDriver }: Report): string[] {
  const busiest = largest(figures.flatMap(({ generatorShare }) => generatorShare ?? []));
  const fastest = largest(figures.filter(({ door }) => door === 'graphql' || door === 'rest').map(rate));
  return [
    '## Method',
    [
      `- The floor: [bench/floor.sql](../../bench/floor.sql), the statements of one refund in one transaction, by ${floorDriver}, ` +
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
  ];
}

function invalid({ figures }: Report): string[] {
  const reasons = figures.flatMap(({ name, invalid }) => invalid.map((reason) => `- \`${name}\`: ${reason}`));
  return reasons.length === 0 ? [] : ['## Invalid samples', reasons.join('\n')];
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
