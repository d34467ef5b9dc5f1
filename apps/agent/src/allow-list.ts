import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';

/** Where a command without a path is looked for, and the PATH of each command. */
export const COMMAND_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** As the last pattern: any further arguments. */
const REST = '...';

/** A pattern for one argument, or several of which one must match. */
type ArgPattern = string | readonly string[];

/** Either an executable, or the exact text of a shell command. */
interface AllowedCommand {
  readonly command?: string;
  readonly shell?: string;
  readonly args: readonly ArgPattern[];
}

/** What a shell step wants to run. */
export interface WantedCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly shell: boolean;
}

export interface Program {
  readonly file: string;
  readonly args: readonly string[];
}

/** The commands that this machine's administrator allows. A plane cannot change the list. */
export class AllowList {
  private constructor(
    private readonly commands: readonly AllowedCommand[],
    /** Why the list allows nothing, if its file is missing or wrong. */
    readonly problem: string | null,
  ) {}

  static read(path: string): AllowList {
    try {
      if ((statSync(path).mode & 0o022) !== 0)
        return new AllowList([], `Others may change ${path}. Run: chmod go-w ${path}`);
      return AllowList.parse(readFileSync(path, 'utf8'));
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return new AllowList([], `There is no ${path}.`);
      const problem = code === undefined ? 'is wrong' : 'cannot be read';
      return new AllowList([], `${path} ${problem}: ${message}`);
    }
  }

  /** Throws if the text is not a list. */
  static parse(text: string): AllowList {
    const { commands, ...others } = recordOf(JSON.parse(text), 'the file');
    requireNoOthers(others, 'the file');
    if (!Array.isArray(commands)) throw new Error('"commands" must be a list');
    return new AllowList(commands.map(commandOf), null);
  }

  permits({ command, args, shell }: WantedCommand): boolean {
    return this.commands.some(
      (allowed) =>
        (shell ? allowed.shell === command : isSameCommand(allowed.command, command)) &&
        argsMatch(allowed.args, args),
    );
  }

  /** One line per entry. */
  get lines(): string[] {
    return this.commands.map(({ command, shell, args }) => {
      const patterns = args.map((pattern) => (typeof pattern === 'string' ? pattern : pattern.join('|')));
      return [command ?? `shell: ${shell}`, ...patterns].join(' ');
    });
  }
}

/** The file of a command. Null if the PATH has none. */
export function fileOf(command: string): string | null {
  if (isAbsolute(command)) return command;
  if (command.includes('/')) return null;
  const candidates = COMMAND_PATH.split(':').map((folder) => join(folder, command));
  return candidates.find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function isSameCommand(allowed: string | undefined, wanted: string): boolean {
  if (allowed === undefined) return false;
  if (allowed === wanted) return true;
  const file = fileOf(wanted);
  return file !== null && file === fileOf(allowed);
}

function argsMatch(patterns: readonly ArgPattern[], args: readonly string[]): boolean {
  const hasRest = patterns.at(-1) === REST;
  const own = hasRest ? patterns.slice(0, -1) : patterns;
  if (args.length < own.length || (!hasRest && args.length > own.length)) return false;
  return own.every((pattern, at) => {
    const arg = args[at] ?? '';
    return typeof pattern === 'string'
      ? matches(pattern, arg)
      : pattern.some((alternative) => matches(alternative, arg));
  });
}

/**
 * `*` stands for any characters except `/`. It makes no option of an argument, and no path that leads to a
 * parent folder.
 */
function matches(pattern: string, arg: string): boolean {
  if (!pattern.includes('*')) return pattern === arg;
  if (arg.startsWith('-') && !pattern.startsWith('-')) return false;
  const [patterns, segments] = [pattern.split('/'), arg.split('/')];
  if (segments.includes('..') || patterns.length !== segments.length) return false;
  return patterns.every((one, at) => segmentMatches(one, segments[at] ?? ''));
}

/** Takes time in proportion to the length of the text, because each part is taken at its first place. */
function segmentMatches(pattern: string, text: string): boolean {
  const [first = '', ...others] = pattern.split('*');
  const last = others.pop();
  if (last === undefined) return pattern === text;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of others) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return text.length >= at + last.length && text.endsWith(last);
}

function commandOf(entry: unknown, at: number): AllowedCommand {
  const what = `command ${at + 1}`;
  const { command, shell, args = [], ...others } = recordOf(entry, what);
  requireNoOthers(others, what);
  if (!Array.isArray(args) || !args.every(isPattern))
    throw new Error(`"args" of ${what} must be a list of strings, or of lists of strings`);
  if (isText(shell) && command === undefined) return { shell, args };
  if (isText(command) && shell === undefined && (isAbsolute(command) || !command.includes('/')))
    return { command, args };
  throw new Error(
    `${what} must have either "command", an absolute path or a name without a path, or "shell", a text`,
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isPattern(value: unknown): value is ArgPattern {
  return typeof value === 'string' || (Array.isArray(value) && value.every((one) => typeof one === 'string'));
}

function recordOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${what} must be an object`);
  return { ...value };
}

/** A misspelt member must not silently allow more than was meant. */
function requireNoOthers(others: object, what: string): void {
  const [name] = Object.keys(others);
  if (name !== undefined) throw new Error(`${what} has an unknown member "${name}"`);
}
