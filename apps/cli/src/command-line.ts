import { type Command, CommandFailure, EXIT, type Terminal, UsageError } from './command';
import { VERSION } from './version';

const HELP = ['--help', '-h', 'help'];

/** Runs the command that the words name and answers with the exit code. */
export async function runCommandLine(
  words: readonly string[],
  commands: readonly Command[],
  terminal: Terminal,
  program = 'atlas',
): Promise<number> {
  if (words.length === 1 && words[0] === '--version') {
    terminal.out(`${program} ${VERSION}\n`);
    return EXIT.done;
  }
  const [command] = commands
    .filter(({ name }) => name.split(' ').every((word, index) => words[index] === word))
    .sort((one, other) => other.name.length - one.name.length);
  if (!command) return showUsage(words, commands, terminal, program);
  const args = words.slice(command.name.split(' ').length);
  if (args.some((word) => HELP.slice(0, 2).includes(word))) {
    terminal.out(command.usage);
    return EXIT.done;
  }
  try {
    return await command.run(args);
  } catch (error) {
    return tell(error, command, terminal, program);
  }
}

function showUsage(
  words: readonly string[],
  commands: readonly Command[],
  terminal: Terminal,
  program: string,
): number {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${program} ${name.padEnd(width)}   ${summary}`);
  const usage = `Usage:\n${lines.join('\n')}\n\n  ${program} <command> --help shows its options.\n  ${program} --version\n`;
  if (HELP.includes(words[0] ?? '')) {
    terminal.out(usage);
    return EXIT.done;
  }
  const problem = words.length > 0 ? `\nThere is no command "${words.join(' ')}".\n` : '';
  terminal.err(`${usage}${problem}`);
  return EXIT.usage;
}

function tell(error: unknown, command: Command, terminal: Terminal, program: string): number {
  if (error instanceof UsageError) {
    const call = command.calledAs ?? `${program} ${command.name}`;
    terminal.err(`${error.message}\n\n  ${call} --help shows the options.\n`);
    return EXIT.usage;
  }
  const isExpected = error instanceof CommandFailure;
  terminal.err(`${isExpected ? error.message : String((error as Error).stack ?? error)}\n`);
  return isExpected ? error.exitCode : EXIT.failed;
}
