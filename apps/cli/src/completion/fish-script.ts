import { type Command } from '../command';
import { type Option } from '../options';
import { type Program } from '../program';
import { functionName } from './bash-script';
import { firstWords, isPath, optionsOf, secondWords } from './completed-words';

export function fishScript(program: Program): string {
  const { name, commands } = program;
  const own = `__${functionName(name)}`;
  const first = firstWords(program);
  const longer = first.flatMap(({ word }) =>
    secondWords(word, program).map((second) => ({ ...second, first: word })),
  );
  return `# fish completion for ${name}
function ${own}_is
    set -l typed (commandline -opc)
    set -e typed[1]
    test "$typed[1]" = help; and set -e typed[1]
    set -l command "$typed[1]"
    contains -- "$typed[1] $typed[2]" ${longer.map((one) => quoted(`${one.first} ${one.word}`)).join(' ')}
    and set command "$typed[1] $typed[2]"
    test "$command" = "$argv[1]"
end
complete -c ${name} -f
${first.map(({ word, text }) => `complete -c ${name} -n '${own}_is ""' -a ${word} -d ${quoted(text)}\n`).join('')}${longer
    .map((one) => `complete -c ${name} -n '${own}_is ${one.first}' -a ${one.word} -d ${quoted(one.text)}\n`)
    .join('')}${commands.flatMap((command) => linesOf(command, name, own)).join('')}`;
}

function linesOf(command: Command, program: string, own: string): string[] {
  const begin = `complete -c ${program} -n '${own}_is "${command.name}"'`;
  const choices = command.operand?.choices ?? [];
  return [
    ...(choices.length > 0 ? [`${begin} -a ${quoted(choices.join(' '))}\n`] : []),
    ...optionsOf(command).map(
      (option) => `${begin} -l ${option.name}${valueFlags(option)} -d ${quoted(option.text)}\n`,
    ),
  ];
}

function valueFlags(option: Option): string {
  const { value, choices } = option;
  if (value === undefined) return '';
  if (isPath(option)) return ' -r -F';
  return choices ? ` -x -a ${quoted(choices.join(' '))}` : ' -x';
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
