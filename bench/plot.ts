import { SPREADS, type Spread } from './books.js';
import type { Figure } from './measure.js';
import { type Report, refundRows } from './report.js';

/** The series, with the distance of each legend from the right edge. */
const DOORS = [
  { door: 'floor', label: 'floor: the same SQL by hand', legend: 400 },
  { door: 'graphql', label: 'GraphQL', legend: 190 },
  { door: 'rest', label: 'REST', legend: 90 },
] as const;

const PANEL = { width: 300, height: 220, gap: 30, left: 60, top: 70 };
const BAR = { width: 18, gap: 2 };

interface Plot {
  readonly title: string;
  readonly axis: string;
  readonly value: (figure: Figure) => number;
  /** The upper end of a line above the bar. */
  readonly upTo?: (figure: Figure) => number;
  readonly logarithmic?: boolean;
}

export function throughputPlot(report: Report): string {
  return plot(report, { title: 'Refunds a second', axis: 'refunds/s', value: ({ rate }) => rate });
}

export function latencyPlot(report: Report): string {
  return plot(report, {
    title: 'Time of a refund: the bar ends at p50, the line above it at p99',
    axis: 'ms, logarithmic',
    value: ({ p50 }) => p50,
    upTo: ({ p99 }) => p99,
    logarithmic: true,
  });
}

/** One panel per spread, with one group per number of clients, with one bar per door. */
function plot(report: Report, { title, axis, value, upTo = value, logarithmic = false }: Plot): string {
  const all = refundRows(report).flatMap(({ floor, graphql, rest }) =>
    [floor, graphql, rest].filter((figure) => figure !== undefined),
  );
  const top = Math.max(1, ...all.map(upTo));
  const bottom = logarithmic ? 0.1 : 0;
  const ticks = logarithmic ? [0.1, 1, 10, 100, 1000].filter((tick) => tick <= top) : linearTicks(top);
  const share = (amount: number): number =>
    logarithmic ? Math.log(Math.max(amount, bottom) / bottom) / Math.log(top / bottom) : amount / top;
  const y = (amount: number): number => round(PANEL.top + PANEL.height * (1 - share(amount)));

  const spreads = Object.keys(SPREADS) as Spread[];
  const width = PANEL.left + spreads.length * (PANEL.width + PANEL.gap);
  const height = PANEL.top + PANEL.height + 60;
  const lines = ticks.map(
    (tick) =>
      `<line class="grid" x1="${PANEL.left}" x2="${width - PANEL.gap}" y1="${y(tick)}" y2="${y(tick)}"/>` +
      `<text x="${PANEL.left - 8}" y="${y(tick) + 4}" text-anchor="end">${tick}</text>`,
  );
  const panels = spreads.map((work, index) => {
    const left = PANEL.left + index * (PANEL.width + PANEL.gap);
    const of = refundRows(report).filter((row) => row.work === work);
    const groupWidth = PANEL.width / Math.max(1, of.length);
    const groups = of.map((row, group) => {
      const middle = left + groupWidth * (group + 0.5);
      const bars = DOORS.map(({ door }, place) => {
        const figure = row[door];
        if (figure === undefined) return '';
        const x = round(middle + (place - DOORS.length / 2) * (BAR.width + BAR.gap));
        const center = x + BAR.width / 2;
        const name = `${door}, ${row.clients} clients: ${axis} ${round(value(figure))}`;
        return (
          `<rect class="${door}" x="${x}" y="${y(value(figure))}" width="${BAR.width}" height="${round(y(bottom) - y(value(figure)))}">` +
          `<title>${name}</title></rect>` +
          `<line class="tail" x1="${center}" x2="${center}" y1="${y(upTo(figure))}" y2="${y(value(figure))}"/>`
        );
      });
      return `${bars.join('')}<text x="${round(middle)}" y="${PANEL.top + PANEL.height + 18}" text-anchor="middle">${row.clients}</text>`;
    });
    const center = left + PANEL.width / 2;
    return (
      `${groups.join('')}<text class="name" x="${center}" y="${PANEL.top - 10}" text-anchor="middle">${SPREADS[work]}</text>` +
      `<text x="${center}" y="${PANEL.top + PANEL.height + 40}" text-anchor="middle">clients</text>`
    );
  });
  const legends = DOORS.map(
    ({ door, label, legend }) =>
      `<rect class="${door}" x="${width - legend}" y="12" width="14" height="14"/><text x="${width - legend + 20}" y="24">${label}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width + 40} ${height}" role="img" aria-label="${title}">
<style>
  text { font: 12px sans-serif; fill: #57606a; }
  .title { font-size: 15px; font-weight: bold; }
  .name { font-weight: bold; }
  .grid { stroke: #8c959f; stroke-opacity: 0.35; }
  .tail { stroke: #8c959f; stroke-width: 2; }
  .floor { fill: #8c959f; }
  .graphql { fill: #d6409f; }
  .rest { fill: #2f81f7; }
  @media (prefers-color-scheme: dark) { text { fill: #c9d1d9; } }
</style>
<text class="title" x="${PANEL.left}" y="24">${title}</text>
<text x="14" y="${PANEL.top + PANEL.height / 2}" text-anchor="middle" transform="rotate(-90 14 ${PANEL.top + PANEL.height / 2})">${axis}</text>
${[...lines, ...panels, ...legends].join('\n')}
</svg>
`;
}

/** About five round numbers between zero and the top. */
function linearTicks(top: number): number[] {
  const rough = top / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  return Array.from({ length: Math.floor(top / step) + 1 }, (_, index) => round(index * step));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
