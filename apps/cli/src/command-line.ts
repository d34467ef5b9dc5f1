import { type Command, type Terminal } from './command';
import { EXIT, UsageError } from './failure';
import { failureJson, failureOf, failureText } from './failure-text';
import { groupText, helpText, overviewText } from './help';
import { given } from './options';
import { type Program, commandsBelow, findCommand } from './program';
import { closestTo } from './suggestion';
import { VERSION } from './version';

const HELP = ['--help', '-h'];
const ASKS_VERSION = ['--version', '-v'];

/** Runs the command that `words` names. Resolves to the exit code. */
export async function runCommandLine(
  words: readonly string[],
  program: Program,
  terminal: Terminal,
): Promise<number> {
  const isJson = words.includes('--json');
  const found = findCommand(words, program.commands);
  try {
    return await run(words, program, terminal);
  } catch (error) {
    const failure = failureOf(error, whereToLook(program, found?.command));
    terminal.err(isJson ? failureJson(failure) : failureText(failure));
    return failure.exitCode;
  }
}

async function run(words: readonly string[], program: Program, terminal: Terminal): Promise<number> {
  const [first = ''] = words;
  if (words.length === 0) {
    terminal.err(overviewText(program));
    return EXIT.usage;
  }
  if (ASKS_VERSION.includes(first)) {
    terminal.out(`${program.name} ${VERSION}\n`);
    return EXIT.done;
  }
  if (first === 'help' || HELP.includes(first)) {
    terminal.out(helpFor(words.slice(1), program));
    return EXIT.done;
  }
  if (words.some((word) => HELP.includes(word))) {
    terminal.out(helpFor(words, program));
    return EXIT.done;
  }
  const { command, args } = commandIn(words, program);
  return command.run(given(args, command.options, command.operand));
}

/** The help for the command or group that `words` starts with. Throws {@link UsageError}. */
function helpFor(words: readonly string[], program: Program): string {
  const named = namesIn(words);
  if (named.length === 0) return overviewText(program);
  const prefix = named.join(' ');
  const isGroup = !program.commands.some(({ name }) => name === prefix);
  if (isGroup && commandsBelow(prefix, program.commands).length > 0) return groupText(prefix, program);
  return helpText(commandIn(words, program).command, program.name);
}

/** Throws {@link UsageError}. */
function commandIn(
  words: readonly string[],
  { name: program, commands }: Program,
): { readonly command: Command; readonly args: readonly string[] } {
  const found = findCommand(words, commands);
  // `operators` takes no argument, so the second word of `operators ad` must be a mistyped subcommand.
  const isFurther = found && !found.command.operand && namesIn(found.args).length > 0;
  const below = found ? commandsBelow(found.command.name, commands) : [];
  if (found && !(isFurther && below.length > 0)) return found;
  const typed = namesIn(words).slice(0, 2);
  throw unknownCommand(typed.length > 0 ? typed : words.slice(0, 1), commands, program);
}

function unknownCommand(typed: readonly string[], commands: readonly Command[], program: string): UsageError {
  const names = commands.map(({ name }) => name);
  const [first = ''] = typed;
  const [below] = commandsBelow(first, commands);
  // The second word may be an argument, so the first word is also compared on its own.
  const meant = closestTo(typed.join(' '), names) ?? closestTo(first, names) ?? below?.name;
  const name = below ? typed.join(' ') : first;
  const hint = meant ? `Did you mean "${program} ${meant}"?` : `Run "${program} help" to list the commands.`;
  return new UsageError(`Unknown command "${name}".`, { code: 'unknown_command', hint });
}

/** The words before the first option. */
function namesIn(words: readonly string[]): readonly string[] {
  const end = words.findIndex((word) => word.startsWith('-'));
  return end < 0 ? words : words.slice(0, end);
}

function whereToLook({ name }: Program, command: Command | undefined): string {
  if (!command) return `Run "${name} help" to list the commands.`;
  const call = command.calledAs ?? `${name} ${command.name}`;
  return `Run "${call} --help" for its options and examples.`;
}
