import { type Command } from './command';
import { type Operand, type Option } from './options';
import { type Program, commandsBelow } from './program';

const OPTIONS = 'Options';
const HELP: Option = { name: 'help', text: 'show this help' };

/** All commands, under their headings. */
export function overviewText({ name, about, commands }: Program): string {
  return `${about}

Usage: ${name} <command> [options]

${commandList(commands)}
Run "${name} help <command>" for its arguments, options and examples, "${name} --version" for the version.
`;
}

/** Help for a word that begins several commands but is not a command itself, such as `stack`. */
export function groupText(prefix: string, program: Program): string {
  const { name, commands } = program;
  return `Usage: ${name} ${prefix} <command> [options]\n\n${commandList(commandsBelow(prefix, commands))}`;
}

export function helpText(command: Command, program: string): string {
  const { name, summary, about, operand, options, examples, notes, calledAs } = command;
  const call = [calledAs ?? `${program} ${name}`, operandText(operand), '[options]']
    .filter(Boolean)
    .join(' ');
  const groups = new Map([[OPTIONS, [] as Option[]]]);
  for (const option of options) {
    const group = option.group ?? OPTIONS;
    groups.set(group, [...(groups.get(group) ?? []), option]);
  }
  groups.set(OPTIONS, [...(groups.get(OPTIONS) ?? []), HELP]);
  const sections = [
    `${about ?? `${summary}.`}\n`,
    `Usage: ${call}\n`,
    operand && section('Arguments', [[`<${operand.name}>`, argumentText(operand)]]),
    ...[...groups].map(([title, some]) => section(title, some.map(optionRow))),
    examples.length > 0 && `Examples:\n${examples.map((one) => `  ${program} ${one}\n`).join('')}`,
    notes && `${notes}\n`,
  ];
  return sections.filter(Boolean).join('\n');
}

function commandList(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const groups = [...new Set(commands.map(({ group }) => group))];
  return groups
    .map((title) => {
      const rows = commands
        .filter(({ group }) => group === title)
        .map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`);
      return `${title}:\n${rows.join('')}`;
    })
    .join('\n');
}

function operandText(operand: Operand | undefined): string {
  if (!operand) return '';
  return operand.isOptional ? `[<${operand.name}>]` : `<${operand.name}>`;
}

function argumentText({ text, choices }: Operand): string {
  return `${text}${choices ? ` (${choices.join(', ')})` : ''}`;
}

function optionRow(option: Option): readonly [string, string] {
  const { name, value, text, choices, isRequired, default: standard } = option;
  const remarks = [
    isRequired && 'required',
    choices && `one of ${choices.join(', ')}`,
    standard && `default: ${standard}`,
  ].filter(Boolean);
  const call = `--${name}${value ? ` ${value}` : ''}`;
  return [call, `${text}${remarks.length > 0 ? ` (${remarks.join('; ')})` : ''}`];
}

function section(title: string, rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([call]) => call.length));
  return `${title}:\n${rows.map(([call, text]) => `  ${call.padEnd(width)}  ${text}\n`).join('')}`;
}
