import type { Abuse } from './abuse.js';
import { SPREADS, type Spread } from './books.js';
import type { Imported } from './import.js';
import type { Figure, Plan, Sample } from './measure.js';
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

/** The figure with that name, if it was measured and is valid. */
export function figureOf({ figures }: Report, name: string): Figure | undefined {
  return figures.find((figure) => figure.name === name && figure.rounds > 0);
}

/**
 * The ratio of two figures: the median of the ratios of each round, because a disturbance of the machine affects both samples of a
 * round alike. `null` if one of them was not measured.
 */
export function times(above: Figure | undefined, below: Figure | undefined, value: (sample: Sample) => number): number | null {
  const ratios = above?.samples.map((sample, round) => {
    const other = below?.samples[round];
    return sample.invalid === null && other?.invalid === null ? value(sample) / value(other) : null;
  });
  return medianOf(ratios ?? []);
}

/** Requests a second. */
export const rate = ({ rate }: Pick<Sample, 'rate'>): number => rate;
/** Milliseconds. */
export const p50 = ({ p50 }: Pick<Sample, 'p50'>): number => p50;

/** Credit notes and refunds a second. */
export function importRate({ creditNotes, refunds, seconds }: Imported): number {
  return (creditNotes + refunds) / seconds;
}

/** The slowdown of each case with a million refunds in the ledger. */
export function slowdowns(report: Report): { small: Figure; million: Figure; ours: boolean; slower: number | null }[] {
  return report.figures.flatMap((small) => {
    if (!small.name.startsWith('small/')) return [];
    const million = report.figures.find(({ name }) => name === small.name.replace('small/', 'million/'));
    if (million === undefined) return [];
    // The floor and hand-written SQL do not use the gateway; they show PostgreSQL's own slowdown.
    const ours = small.door === 'graphql' || small.door === 'rest';
    return [{ small, million, ours, slower: times(small, million, rate) }];
  });
}

/** The refunds of a spread by so many clients. */
export interface Row {
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
