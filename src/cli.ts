import { ACCESS_COMMANDS } from './cli/access-commands.js';
import type { Command } from './cli/command.js';
import { CommandLine, UsageError } from './cli/command-line.js';
import { DATABASE_COMMANDS } from './cli/database-commands.js';
import { IMPORT_COMMAND } from './cli/import-command.js';
import { LEGACY_REPORT_COMMAND } from './cli/legacy-report-command.js';
import { MANIFEST_COMMAND } from './cli/manifest-command.js';
import { ORGANIZATION_COMMANDS } from './cli/organization-commands.js';
import { inOneLine } from './cli/output.js';
import { ProgramFailed } from './database/embedded-postgres/program.js';
import { type InvalidField, InvalidInput } from './domain-error.js';
import { ManifestError } from './graphql/manifest.js';
import { isPermissionDenied } from './orm/errors.js';
import { assertNodeVersion } from './server/node-version.js';

/** All commands, in the order of the usage. */
const COMMANDS: ReadonlyMap<string, Command> = new Map(
  Object.entries({
    ...DATABASE_COMMANDS,
    ...ORGANIZATION_COMMANDS,
    ...ACCESS_COMMANDS,
    ...LEGACY_REPORT_COMMAND,
    ...IMPORT_COMMAND,
    ...MANIFEST_COMMAND,
  }),
);

const commandLine = new CommandLine(COMMANDS);

async function main(args: readonly string[]): Promise<void> {
  assertNodeVersion(process.versions.node);
  const call = commandLine.parse(args);
  if (call.help) process.stdout.write(commandLine.usage(call.name.split(' ')));
  else await COMMANDS.get(call.name)?.run(call);
}

/** Returns the error in one line, or in those of the operations of a manifest or of the output of PostgreSQL. Other texts cannot end a line. */
function linesOf(error: unknown): readonly string[] {
  const message = messageOf(error);
  return error instanceof ManifestError || error instanceof ProgramFailed ? message.split('\n') : [message];
}

function messageOf(error: unknown): string {
  if (isPermissionDenied(error)) return RIGHT_MISSING;
  if (error instanceof InvalidInput) return error.fields.map(optionMessage).join('; ');
  return error instanceof Error ? error.message : String(error);
}

/** Returns the reasons of an invalid field, with the option's name instead of the field's. */
function optionMessage({ field, constraints }: InvalidField): string {
  const option = `--${field.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  return Object.values(constraints)
    .map((reason) => reason.replace(field, option))
    .join('; ');
}

const RIGHT_MISSING =
  'The role of DATABASE_URL may not do this. Commands take the role that manages organizations, members and keys; npm run migrate ' +
  'and npm run import:bigcapital take the owner of the tables. See docs/operations.md, "Three roles".';

// Without a listener, these errors would end the command in the middle. A reader that ends early, such as `head`, is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') return;
    process.exitCode = 1;
    if (stream === process.stdout) process.stderr.write(`The output cannot be written: ${message}\n`);
  });
}

const words = process.argv.slice(2);
main(words).catch((error: unknown) => {
  const usage = error instanceof UsageError ? `\n${commandLine.usage(words)}` : '';
  for (const line of linesOf(error)) process.stderr.write(`${inOneLine(line)}\n`);
  process.stderr.write(usage);
  process.exitCode = 1;
});
