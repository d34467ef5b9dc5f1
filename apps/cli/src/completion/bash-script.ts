import { type Command } from '../command';
import { type Program } from '../program';
import { type CompletedWord, firstWords, isPath, optionsOf, secondWords } from './completed-words';

/** Works with bash 3.2 (the version that macOS ships) and later. */
export function bashScript(program: Program): string {
  const { name, commands } = program;
  const first = firstWords(program);
  const further = first.filter(({ word }) => secondWords(word, program).length > 0);
  return `# bash completion for ${name}
_${functionName(name)}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local command="\${COMP_WORDS[1]}" at=2 words="" help=""
  # Bash splits --option=value at the "=".
  if [ "$current" = "=" ]; then current=""
  elif [ "$previous" = "=" ]; then previous="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  if [ "$command" = help ] && [ "$COMP_CWORD" -gt 1 ]; then help=1; at=3; command="\${COMP_WORDS[2]}"; fi
  COMPREPLY=()
  if [ "$COMP_CWORD" -lt "$at" ]; then
    COMPREPLY=($(compgen -W "${words(first)} --help --version" -- "$current"))
    return
  fi
  case "$command \${COMP_WORDS[$at]}" in
${further.flatMap(({ word }) => secondWords(word, program).map((second) => `    "${word} ${second.word}") [ "$COMP_CWORD" -gt "$at" ] && command="${word} ${second.word}" ;;\n`)).join('')}  esac
  if [ "$COMP_CWORD" -eq "$at" ]; then
    case "$command" in
${further.map(({ word }) => `      ${word}) words="${words(secondWords(word, program))}" ;;\n`).join('')}    esac
  fi
  if [ -n "$help" ]; then COMPREPLY=($(compgen -W "$words" -- "$current")); return; fi
  case "$command $previous" in
${commands.flatMap(valueCases).join('')}  esac
  case "$command" in
${commands.map((command) => `    "${command.name}") words="$words ${followersOf(command)}" ;;\n`).join('')}  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _${functionName(name)} ${name}
`;
}

/** Completes the value of an option. */
function valueCases(command: Command): string[] {
  return command.options
    .filter(({ value }) => value !== undefined)
    .map((option) => {
      const { name, choices = [] } = option;
      const reply = isPath(option) ? '-f' : `-W "${choices.join(' ')}"`;
      return `    "${command.name} --${name}") COMPREPLY=($(compgen ${reply} -- "$current")); return ;;\n`;
    });
}

function followersOf(command: Command): string {
  const options = optionsOf(command).map(({ name }) => `--${name}`);
  return [...(command.operand?.choices ?? []), ...options].join(' ');
}

function words(completed: readonly CompletedWord[]): string {
  return completed.map(({ word }) => word).join(' ');
}

export function functionName(program: string): string {
  return program.replaceAll('-', '_');
}
