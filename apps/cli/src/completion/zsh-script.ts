import { type Command } from '../command';
import { type Option } from '../options';
import { type Program } from '../program';
import { functionName } from './bash-script';
import { type CompletedWord, firstWords, isPath, optionsOf, secondWords } from './completed-words';

export function zshScript(program: Program): string {
  const { name, commands } = program;
  const first = firstWords(program);
  const further = first.filter(({ word }) => secondWords(word, program).length > 0);
  return `#compdef ${name}
_${functionName(name)}() {
  local command="\${words[2]}" at=3 help=""
  local -a found
  if [[ "$command" = help && $CURRENT -gt 2 ]]; then help=1; at=4; command="\${words[3]}"; fi
  if (( CURRENT < at )); then
    found=(${described(first)})
    _describe command found
    return
  fi
  case "$command \${words[$at]}" in
${further.flatMap(({ word }) => secondWords(word, program).map((second) => `    "${word} ${second.word}") (( CURRENT > at )) && command="${word} ${second.word}" ;;\n`)).join('')}  esac
  if (( CURRENT == at )); then
    case "$command" in
${further.map(({ word }) => `      ${word}) found=(${described(secondWords(word, program))}) ;;\n`).join('')}    esac
    (( $#found )) && _describe command found
  fi
  [[ -n "$help" ]] && return
  case "$command \${words[CURRENT-1]}" in
${commands.flatMap(valueCases).join('')}  esac
  found=()
  case "$command" in
${commands.map((command) => `    "${command.name}") found=(${followersOf(command)}) ;;\n`).join('')}  esac
  _describe -o option found
}
compdef _${functionName(name)} ${name}
`;
}

function valueCases(command: Command): string[] {
  return command.options
    .filter(({ value }) => value !== undefined)
    .map((option) => `    "${command.name} --${option.name}") ${valueReply(option)}return ;;\n`);
}

function valueReply(option: Option): string {
  if (isPath(option)) return '_files; ';
  return option.choices ? `found=(${option.choices.join(' ')}); _describe value found; ` : '';
}

function followersOf(command: Command): string {
  const options = optionsOf(command).map(({ name, text }) => ({ word: `--${name}`, text }));
  return [...(command.operand?.choices ?? []), described(options)].join(' ');
}

function described(completed: readonly CompletedWord[]): string {
  return completed.map(({ word, text }) => quoted(`${word}:${text}`)).join(' ');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
