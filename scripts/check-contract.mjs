// Compares schema.graphql with that of the last release. A breaking change must be declared: an item under Unreleased in CHANGELOG.md that
// begins with **Breaking** names its path, such as `Refund.amount`. A deprecation needs a reason with the day after which it may be removed.
import { existsSync, readFileSync } from 'node:fs';
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema, isEnumType, isInputObjectType, isInterfaceType, isObjectType } from 'graphql';

const schema = buildSchema(readFileSync('schema.graphql', 'utf8'));
const [, unreleased = '', ...releases] = readFileSync('CHANGELOG.md', 'utf8').split(/^## /m);

const problems = [...deprecations(), ...(await undeclaredBreaks())];
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exitCode = problems.length > 0 ? 1 : 0;

async function undeclaredBreaks() {
  const version = /^v?(\d+\.\d+\.\d+)/.exec(releases[0] ?? '')?.[1];
  // Before the first release there is nothing to compare with.
  if (version === undefined) return [];
  const file = `docs/releases/schema-${version}.graphql`;
  if (!existsSync(file)) return [`${file} is missing: it is schema.graphql as of the release ${version}`];
  const changes = await diff(buildSchema(readFileSync(file, 'utf8')), schema);
  const declared = unreleased.split(/^- /m).filter((item) => item.startsWith('**Breaking**'));
  return changes
    .filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking)
    .filter(({ path }) => !declared.some((item) => item.includes(`\`${path}\``)))
    .map(({ path, message }) => `${path}: ${message}. Undo it, or declare it in CHANGELOG.md: - **Breaking** … \`${path}\` …`);
}

function deprecations() {
  return [...elements()]
    .filter(({ deprecationReason: reason }) => reason && !/\b\d{4}-\d\d-\d\d\b/.test(reason))
    .map(
      ({ path }) =>
        `${path}: the reason of the deprecation must say what to use instead, and until which day (YYYY-MM-DD) it stays`,
    );
}

/** Returns everything that can be deprecated, with its path. */
function* elements() {
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__')) continue;
    if (isEnumType(type)) for (const value of type.getValues()) yield { ...value, path: `${type.name}.${value.name}` };
    if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      yield { ...field, path: `${type.name}.${field.name}` };
      for (const argument of field.args ?? []) yield { ...argument, path: `${type.name}.${field.name}.${argument.name}` };
    }
  }
}
