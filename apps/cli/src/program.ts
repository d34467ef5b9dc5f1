import { type Command } from './command';

/** A command-line program: `atlas` or `atlas-tp`. */
export interface Program {
  readonly name: string;
  /** What the program does, in one sentence. */
  readonly about: string;
  readonly commands: readonly Command[];
}

/** The command that `words` begins with, and the words after its name. */
export function findCommand(
  words: readonly string[],
  commands: readonly Command[],
): { readonly command: Command; readonly args: readonly string[] } | undefined {
  const [command] = commands
    .filter(({ name }) => name.split(' ').every((word, index) => words[index] === word))
    .sort((one, other) => other.name.length - one.name.length);
  return command && { command, args: words.slice(command.name.split(' ').length) };
}

/** The subcommands of `name`, such as `audit export` for `audit`. */
export function commandsBelow(name: string, commands: readonly Command[]): readonly Command[] {
  return commands.filter((command) => command.name.startsWith(`${name} `));
}
