// Writes the tables of docs/errors.md from the built catalogue of errors. `--check` only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { PROTOCOL_ERRORS, REFUSALS } from '../dist/src/error-codes.js';

const FILE = 'docs/errors.md';
const TABLES = { refusals: REFUSALS, 'protocol errors': PROTOCOL_ERRORS };

const written = readFileSync(FILE, 'utf8');
const text = Object.entries(TABLES).reduce((document, [name, codes]) => {
  const [begin, end] = [`<!-- ${name}: npm run codegen -->\n`, '<!-- end -->'];
  const from = document.indexOf(begin) + begin.length;
  const to = document.indexOf(end, from);
  if (from < begin.length || to < 0) throw new Error(`${FILE} has no place for the table of ${name}`);
  return document.slice(0, from) + table(codes) + document.slice(to);
}, written);
if (process.argv.includes('--check')) {
  if (written !== text) throw new Error(`${FILE} is not what src/error-codes.ts says; run: npm run codegen`);
} else {
  writeFileSync(FILE, text);
}

function table(codes) {
  const rows = Object.entries(codes).map(([code, { status, fields = [], retryable = false, when }]) => {
    const names = fields.map((field) => (field === 'any' ? field : `\`${field}\``)).join(', ');
    return `| \`${code}\` | ${status} | ${names} | ${retryable ? 'yes' : ''} | ${when} |`;
  });
  return ['| Code | Status | Field | Retry | When |', '|---|---|---|---|---|', ...rows, ''].join('\n');
}
