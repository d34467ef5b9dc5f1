import { RecordingTerminal } from '../test/recording-terminal.fixture';
import { atlasProgram } from './commands';
import { helpText, overviewText } from './help';
import { given } from './options';
import { findCommand } from './program';
import { tenantPlaneProgram } from './tenant-plane/commands';

const PROGRAMS = [atlasProgram(new RecordingTerminal()), tenantPlaneProgram(new RecordingTerminal())];
const LONGEST = 130;

describe.each(PROGRAMS)('the help of $name', (program) => {
  it('fits in a terminal and lists every command once', () => {
    const lines = overviewText(program).split('\n');
    expect(lines.filter((line) => line.length > 110)).toEqual([]);
    for (const { name, summary } of program.commands)
      expect(
        lines.filter((line) => line.startsWith(`  ${name} `) && line.endsWith(`  ${summary}`)),
      ).toHaveLength(1);
  });

  it.each(program.commands)('summarises $name in one line, and has no overlong lines', (command) => {
    expect(command.summary).toMatch(/^[A-Z].*[^.]$/);
    const lines = helpText(command, program.name).split('\n');
    expect(lines.filter((line) => line.length > LONGEST)).toEqual([]);
  });

  it.each(
    program.commands.flatMap(({ name, examples }) => examples.map((example) => [name, example] as const)),
  )('shows a valid example of %s: %s', (name, example) => {
    const words = [...example.replace(/ [<>] .*/, '').matchAll(/"([^"]*)"|(\S+)/g)].map(
      ([, quoted, word]) => quoted ?? word ?? '',
    );
    const found = findCommand(words, program.commands);
    expect(found?.command.name).toBe(name);
    expect(() =>
      given(found?.args ?? [], found?.command.options ?? [], found?.command.operand),
    ).not.toThrow();
  });

  it('has an example for every command', () => {
    expect(program.commands.filter(({ examples }) => examples.length === 0)).toEqual([]);
  });
});
