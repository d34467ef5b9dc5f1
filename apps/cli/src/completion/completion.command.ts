import { type Command, type Output } from '../command';
import { EXIT } from '../failure';
import { type Given } from '../options';
import { type Program } from '../program';
import { bashScript } from './bash-script';
import { fishScript } from './fish-script';
import { zshScript } from './zsh-script';

const SCRIPTS: Readonly<Record<string, (program: Program) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** Adds the command `completion`, and includes that command in the completions. */
export function withCompletion(output: Output, program: Program): Program {
  const { name } = program;
  const completion: Command = {
    name: 'completion',
    group: 'Shell',
    summary: 'Print the completion script for a shell',
    about: `Prints the script that completes the commands, options and fixed values of ${name} in a shell.`,
    operand: { name: 'shell', text: 'the shell', choices: Object.keys(SCRIPTS) },
    options: [],
    examples: ['completion bash'],
    notes: `To load it, run this in the shell or add it to the shell's start-up file:
  bash  eval "$(${name} completion bash)"
  zsh   eval "$(${name} completion zsh)"       # after compinit
  fish  ${name} completion fish | source`,
    run: async ({ operand }: Given) => {
      output.out(SCRIPTS[operand]?.(completed) ?? '');
      return EXIT.done;
    },
  };
  const completed: Program = { ...program, commands: [...program.commands, completion] };
  return completed;
}
