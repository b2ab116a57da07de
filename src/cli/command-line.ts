import { parseArgs } from 'node:util';
import { tidy } from '../values/text.js';

/** All options, each with an example of its value for the usage. */
const OPTIONS = {
  id: 'PUBLIC_ID',
  name: 'NAME',
  currency: 'USD',
  'time-zone': 'Europe/Berlin',
  organization: 'PUBLIC_ID',
  subject: 'JWT_SUB',
  role: 'VIEWER|ACCOUNTANT|ADMIN',
  days: '30',
  expires: '2027-12-31',
  key: 'ID',
  by: 'WHO',
  out: 'FILE',
  url: 'https://books.example.com',
  'api-key': 'KEY',
  'application-role': 'ROLE',
  'operator-role': 'ROLE',
} as const;

/** Options without a value. */
const SWITCHES = ['dry-run'] as const;

/** The most characters of an option's value. */
const MAX_LENGTH = 255;

export type Option = keyof typeof OPTIONS;
export type Switch = (typeof SWITCHES)[number];
export type Flags = Readonly<Partial<Record<Option, string>>>;

/** The options of a command, and its description. */
export interface Synopsis {
  readonly required: readonly Option[];
  readonly optional: readonly Option[];
  readonly switches?: readonly Switch[];
  readonly about: string;
  /** What the command's argument is the name of, if it has one. */
  readonly takes?: 'FILE' | 'FOLDER';
}

/** The call of a command is malformed. The usage is printed with the message. */
export class UsageError extends Error {}

/** A parsed call of a command. */
export interface Call {
  readonly name: string;
  readonly flags: Flags;
  readonly switches: ReadonlySet<Switch>;
  /** Options that no command has, as the operator wrote them. */
  readonly unknown: readonly string[];
  /** The name of the file or folder; empty if the command takes none. */
  readonly file: string;
  readonly help: boolean;
}

/** Parses calls of the commands, and prints their usage. */
export class CommandLine {
  /** @param commands every command by its name */
  constructor(private readonly commands: ReadonlyMap<string, Synopsis>) {}

  /** @throws {UsageError} if the call is malformed, and is not one for help */
  parse(args: readonly string[]): Call {
    const call = this.read(args);
    if (call.help) return call;
    this.assertKnown(call);
    for (const option of this.synopsisOf(call.name).required) required(call.flags, option);
    return call;
  }

  /** Returns the usage of the commands that as many of the first words name as possible, or of all commands if no word does. */
  usage(words: readonly string[] = []): string {
    const name = words.join(' ');
    const meant = [...this.commands].filter(([each]) => `${each} `.startsWith(name === '' ? '' : `${name} `));
    if (meant.length === 0) return this.usage(words.slice(0, -1));
    const lines = meant.map(([each, synopsis]) => `  ${callOf(each, synopsis)}\n      ${synopsis.about}\n`);
    return `usage:\n${lines.join('')}`;
  }

  /** @throws {UsageError} if an option has no value or is repeated, or if the command's argument is missing */
  private read(args: readonly string[]): Call {
    const { positionals, tokens } = parseArgs({
      args: [...args],
      options: PARSED,
      allowPositionals: true,
      strict: false,
      tokens: true,
    });
    const flags: Partial<Record<Option, string>> = {};
    const switches = new Set<Switch>();
    const unknown: string[] = [];
    for (const token of tokens) {
      if (token.kind !== 'option' || token.name === 'help') continue;
      const { name, rawName, value, inlineValue } = token;
      if (isSwitch(name)) {
        if (inlineValue) throw new UsageError(`--${name} takes no value`);
        switches.add(name);
        continue;
      }
      if (!isOption(name)) {
        unknown.push(rawName);
        continue;
      }
      if (flags[name] !== undefined) throw new UsageError(`--${name} is given twice`);
      const isValue = value !== undefined && (inlineValue || !value.startsWith('-'));
      flags[name] = checked(name, isValue ? tidy(value) : '');
    }
    const help = tokens.some((token) => token.kind === 'option' && token.name === 'help');
    const words = positionals.join(' ');
    const [name, synopsis] = [...this.commands].find(([each, { takes }]) => takes && `${words} `.startsWith(`${each} `)) ?? [];
    if (name === undefined || !synopsis?.takes) return { name: words, flags, switches, unknown, file: '', help };
    const [file = '', ...others] = positionals.slice(name.split(' ').length);
    if (!help && (file === '' || others.length > 0))
      throw new UsageError(`${name} takes the name of one ${synopsis.takes.toLowerCase()}`);
    return { name, flags, switches, unknown, file, help };
  }

  /** @throws {UsageError} if the command has no such option. The message lists its options */
  private assertKnown({ name: words, flags, switches: given, unknown }: Call): void {
    // The parser takes the value of an unknown option for a positional argument, so these begin with the command's name only.
    const name = [...this.commands.keys()].find((each) => `${words} `.startsWith(`${each} `));
    const { required, optional, switches = [] } = name === undefined ? { required: [], optional: [] } : this.synopsisOf(name);
    const known: readonly string[] =
      name === undefined ? [...Object.keys(OPTIONS), ...SWITCHES] : [...required, ...optional, ...switches];
    const misplaced = [...Object.keys(flags), ...given].filter((option) => !known.includes(option));
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

/** The options in the form of Node's `parseArgs`. */
const PARSED = {
  ...Object.fromEntries(Object.keys(OPTIONS).map((name) => [name, { type: 'string' as const }])),
  ...Object.fromEntries(SWITCHES.map((name) => [name, { type: 'boolean' as const }])),
  help: { type: 'boolean' as const, short: 'h' },
};

/** The value stands in one line of a list, of the log and of the audit trail. */
function checked(name: Option, value: string): string {
  if (value === '') throw new UsageError(`--${name} needs a value: --${name} ${OPTIONS[name]}`);
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(value)) throw new UsageError(`--${name} must be a single line without control characters`);
  if ([...value].length > MAX_LENGTH) throw new UsageError(`--${name} is too long: at most ${MAX_LENGTH} characters`);
  return value;
}

function isSwitch(name: string): name is Switch {
  return SWITCHES.some((each) => each === name);
}

function isOption(name: string): name is Option {
  return Object.hasOwn(OPTIONS, name);
}

function callOf(name: string, { required, optional, switches = [], takes }: Synopsis): string {
  const [topic = '', ...rest] = name.split(' ');
  const options = [
    ...(takes ? [takes] : []),
    ...required.map((option) => `--${option} ${OPTIONS[option]}`),
    ...optional.map((option) => `[--${option} ${OPTIONS[option]}]`),
    ...switches.map((name) => `[--${name}]`),
  ];
  const words = [...rest, ...options].join(' ');
  return rest.length === 0 && required.length === 0 && !takes ? `npm run ${topic} [-- ${words}]` : `npm run ${topic} -- ${words}`;
}

/** @throws {UsageError} if the option is missing */
export function required(flags: Flags, name: Option): string {
  const value = flags[name];
  if (!value) throw new UsageError(`--${name} is missing`);
  return value;
}
