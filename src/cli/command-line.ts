import { parseArgs } from 'node:util';
import { tidy } from '../values/text.js';

/** Each option takes a value. */
const OPTIONS = {
  id: 'PUBLIC_ID',
  name: 'NAME',
  currency: 'USD',
  'time-zone': 'Europe/Berlin',
  organization: 'PUBLIC_ID',
  subject: 'JWT_SUB',
  role: 'VIEWER|ACCOUNTANT|ADMIN',
  expires: '2027-12-31',
  key: 'ID',
  by: 'WHO',
  'application-role': 'ROLE',
  'operator-role': 'ROLE',
} as const;

export type Option = keyof typeof OPTIONS;
export type Flags = Readonly<Partial<Record<Option, string>>>;

/** How a command is called, and what it does. */
export interface Synopsis {
  readonly required: readonly Option[];
  readonly optional: readonly Option[];
  readonly about: string;
  /** Whether the command takes the name of a file. */
  readonly takesFile?: boolean;
}

/** The operator called it wrongly; the message says how. */
export class UsageError extends Error {}

/** A call of a command, as the operator wrote it. */
export interface Call {
  readonly name: string;
  readonly flags: Flags;
  /** Options that no command has, as they were written. */
  readonly unknown: readonly string[];
  /** Empty where the command takes none. */
  readonly file: string;
  readonly help: boolean;
}

/** Reads calls of the commands, and says how they are called. */
export class CommandLine {
  /** @param commands every command by its name */
  constructor(private readonly commands: ReadonlyMap<string, Synopsis>) {}

  /** @throws {UsageError} for a call that no command has, unless it asks for help */
  parse(args: readonly string[]): Call {
    const call = this.read(args);
    if (call.help) return call;
    this.assertKnown(call);
    for (const option of this.synopsisOf(call.name).required) required(call.flags, option);
    return call;
  }

  /** How the command is called, or all that begin with the name; all commands, if none does. */
  usage(name = ''): string {
    const all = [...this.commands];
    const meant = all.filter(([each]) => each === name || each.startsWith(`${name} `));
    const lines = (meant.length > 0 ? meant : all).map(
      ([each, synopsis]) => `  ${callOf(each, synopsis)}\n      ${synopsis.about}\n`,
    );
    return `usage:\n${lines.join('')}`;
  }

  /** @throws {UsageError} for an option without its value, or that stands there twice, and for a command without its file */
  private read(args: readonly string[]): Call {
    const { positionals, tokens } = parseArgs({
      args: [...args],
      options: PARSED,
      allowPositionals: true,
      strict: false,
      tokens: true,
    });
    const flags: Partial<Record<Option, string>> = {};
    const unknown: string[] = [];
    for (const token of tokens) {
      if (token.kind !== 'option' || token.name === 'help') continue;
      const { name, rawName, value, inlineValue } = token;
      if (!isOption(name)) {
        unknown.push(rawName);
        continue;
      }
      if (flags[name] !== undefined) throw new UsageError(`--${name} stands there twice`);
      const isValue = value !== undefined && (inlineValue || !value.startsWith('-'));
      if (!isValue) throw new UsageError(`--${name} needs a value: --${name} ${OPTIONS[name]}`);
      flags[name] = tidy(value);
    }
    const help = tokens.some((token) => token.kind === 'option' && token.name === 'help');
    const [first = '', file = '', ...others] = positionals;
    if (!this.commands.get(first)?.takesFile) return { name: positionals.join(' '), flags, unknown, file: '', help };
    if (!help && (file === '' || others.length > 0)) throw new UsageError(`${first} takes the name of one file`);
    return { name: first, flags, unknown, file, help };
  }

  /** @throws {UsageError} for an option that the command does not have, with those that it has */
  private assertKnown({ name: words, flags, unknown }: Call): void {
    // What seems to be the value of an unknown option stands among the words of the command.
    const name = [...this.commands.keys()].find((each) => `${words} `.startsWith(`${each} `));
    const { required, optional } = name === undefined ? { required: [], optional: [] } : this.synopsisOf(name);
    const known: readonly string[] = name === undefined ? Object.keys(OPTIONS) : [...required, ...optional];
    const misplaced = Object.keys(flags).filter((option) => !known.includes(option));
    const [wrong] = [...unknown, ...misplaced.map((option) => `--${option}`)];
    if (wrong === undefined) return;
    const options = [...known, 'help'].map((option) => `--${option}`).join(', ');
    throw new UsageError(`There is no option ${wrong}${name === undefined ? '' : ` for ${name}`}; there is: ${options}`);
  }

  /** @throws {UsageError} */
  private synopsisOf(name: string): Synopsis {
    const synopsis = this.commands.get(name);
    if (synopsis === undefined) throw new UsageError(`There is no such command${name === '' ? '' : `: ${name}`}`);
    return synopsis;
  }
}

/** What Node's parser is told of the options. */
const PARSED = {
  ...Object.fromEntries(Object.keys(OPTIONS).map((name) => [name, { type: 'string' as const }])),
  help: { type: 'boolean' as const, short: 'h' },
};

function isOption(name: string): name is Option {
  return Object.hasOwn(OPTIONS, name);
}

function callOf(name: string, { required, optional, takesFile }: Synopsis): string {
  const [topic = '', ...rest] = name.split(' ');
  const options = [
    ...(takesFile ? ['FILE'] : []),
    ...required.map((option) => `--${option} ${OPTIONS[option]}`),
    ...optional.map((option) => `[--${option} ${OPTIONS[option]}]`),
  ];
  const words = [...rest, ...options].join(' ');
  return rest.length === 0 && required.length === 0 && !takesFile
    ? `npm run ${topic} [-- ${words}]`
    : `npm run ${topic} -- ${words}`;
}

/** @throws {UsageError} if the option is missing */
export function required(flags: Flags, name: Option): string {
  const value = flags[name];
  if (!value) throw new UsageError(`--${name} is missing`);
  return value;
}
