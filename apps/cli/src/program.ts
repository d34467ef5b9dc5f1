import { type Command } from './command';

/** A command line: `atlas`, `atlas-tp`. */
export interface Program {
  readonly name: string;
  /** What it is for, in one sentence. */
  readonly about: string;
  readonly commands: readonly Command[];
}

/** The command that the words begin with, and what follows its name. */
export function findCommand(
  words: readonly string[],
  commands: readonly Command[],
): { readonly command: Command; readonly args: readonly string[] } | undefined {
  const [command] = commands
    .filter(({ name }) => name.split(' ').every((word, index) => words[index] === word))
    .sort((one, other) => other.name.length - one.name.length);
  return command && { command, args: words.slice(command.name.split(' ').length) };
}

/** The commands that extend these words, as `audit export` extends `audit`. */
export function commandsBelow(name: string, commands: readonly Command[]): readonly Command[] {
  return commands.filter((command) => command.name.startsWith(`${name} `));
}
