import { type Command } from '../command';
import { type Option } from '../options';
import { type Program } from '../program';

export interface CompletedWord {
  readonly word: string;
  readonly text: string;
}

/** The possible first words: `help`, and the first word of each command. */
export function firstWords({ name, commands }: Program): readonly CompletedWord[] {
  const words = new Map<string, string>();
  for (const { name: command, summary } of commands) {
    const [first = '', second] = command.split(' ');
    // A command such as `audit` is described by its own summary, not by that of a subcommand.
    if (second === undefined || !words.has(first)) words.set(first, summary);
  }
  words.set('help', `Show help for ${name} or one of its commands`);
  return [...words].map(([word, text]) => ({ word, text }));
}

/** The subcommands of `first`. */
export function secondWords(first: string, { commands }: Program): readonly CompletedWord[] {
  return commands
    .filter(({ name }) => name.startsWith(`${first} `))
    .map(({ name, summary }) => ({ word: name.slice(first.length + 1), text: summary }));
}

export function optionsOf({ options }: Command): readonly Option[] {
  return [...options, { name: 'help', text: 'show this help' }];
}

/** Whether the option's value is a path. */
export function isPath({ value }: Option): boolean {
  return value === '<file>' || value === '<folder>';
}
