import { version } from '../package.json';
import { atlasWith } from '../test/program.fixture';
import { RecordingTerminal } from '../test/recording-terminal.fixture';
import { type Command } from './command';
import { runCommandLine } from './command-line';
import { CommandFailure, UsageError } from './failure';
import { type Given } from './options';

const run = jest.fn<Promise<number>, [Given]>();
const up: Command = {
  name: 'stack up',
  group: 'Local stack',
  summary: 'Start the stack',
  run,
  options: [
    { name: 'json', text: 'write JSON' },
    { name: 'data-dir', value: '<folder>', text: 'where data is kept', default: 'data' },
    { name: 'url', value: '<url>', text: 'the Control Plane', group: 'Connection' },
  ],
  examples: ['stack up --data-dir /tmp/atlas'],
  notes: 'It runs until Ctrl-C.',
};
const none = { options: [], examples: [] };
const tenant: Command = {
  name: 'tenant',
  group: 'Tenants',
  summary: 'Show a tenant',
  run,
  ...none,
  operand: { name: 'tenant', text: 'slug or id' },
};
const operators: Command = { ...none, name: 'operators', group: 'Access', summary: 'List operators', run };
const add: Command = { ...none, name: 'operators add', group: 'Access', summary: 'Add an operator', run };

describe(runCommandLine.name, () => {
  let terminal: RecordingTerminal;
  const call = (...words: string[]): Promise<number> =>
    runCommandLine(words, atlasWith(up, tenant, operators, add), terminal);

  beforeEach(() => {
    run.mockReset().mockResolvedValue(0);
    terminal = new RecordingTerminal();
  });

  it('runs the command with its options and argument', async () => {
    await expect(call('stack', 'up', '--data-dir', 'here', '--json')).resolves.toBe(0);
    expect(run).toHaveBeenCalledWith({
      values: { 'data-dir': 'here', json: true },
      operand: '',
      isJson: true,
    });
    await call('tenant', 'acme');
    expect(run).toHaveBeenLastCalledWith(expect.objectContaining({ operand: 'acme', isJson: false }));
  });

  it.each(['help', '--help', '-h'])('lists the commands by group when called with %s', async (word) => {
    await expect(call(word)).resolves.toBe(0);
    expect(terminal.written).toBe(`Operates a Control Plane.

Usage: atlas <command> [options]

Local stack:
  stack up       Start the stack

Tenants:
  tenant         Show a tenant

Access:
  operators      List operators
  operators add  Add an operator

Run "atlas help <command>" for its arguments, options and examples, "atlas --version" for the version.
`);
  });

  it.each(['--version', '-v'])('shows the version when called with %s', async (word) => {
    await expect(call(word)).resolves.toBe(0);
    expect(terminal.written).toBe(`atlas ${version}\n`);
  });

  it.each([
    [['help', 'stack', 'up']],
    [['stack', 'up', '--help']],
    [['stack', 'up', '--data-dir', 'here', '-h']],
  ])(
    'shows the options of a command with their defaults, and its examples, when called with %j',
    async (words) => {
      await expect(call(...words)).resolves.toBe(0);
      expect(terminal.written).toBe(`Start the stack.

Usage: atlas stack up [options]

Options:
  --json               write JSON
  --data-dir <folder>  where data is kept (default: data)
  --help               show this help

Connection:
  --url <url>  the Control Plane

Examples:
  atlas stack up --data-dir /tmp/atlas

It runs until Ctrl-C.
`);
      expect(run).not.toHaveBeenCalled();
    },
  );

  it('names the argument of a command in its help', async () => {
    await call('help', 'tenant');
    expect(terminal.written).toMatch(
      /\nUsage: atlas tenant <tenant> \[options\]\n\nArguments:\n {2}<tenant> {2}slug or id\n/,
    );
  });

  it('lists the commands of a group that is not a command itself', async () => {
    await expect(call('help', 'stack')).resolves.toBe(0);
    expect(terminal.written).toMatch(/^Usage: atlas stack <command>[^]*stack up {2}Start the stack\n$/);
  });

  it('lists the commands and exits with 2 when called without arguments', async () => {
    await expect(call()).resolves.toBe(2);
    expect(terminal.complaints).toContain('operators add  Add an operator');
  });

  it.each([
    [['tennat', 'acme'], 'Unknown command "tennat".\nDid you mean "atlas tenant"?\n'],
    [['stack'], 'Unknown command "stack".\nDid you mean "atlas stack up"?\n'],
    [['stack', 'pu'], 'Unknown command "stack pu".\nDid you mean "atlas stack up"?\n'],
    [['operators', 'ad'], 'Unknown command "operators ad".\nDid you mean "atlas operators add"?\n'],
    [['help', 'oprators'], 'Unknown command "oprators".\nDid you mean "atlas operators"?\n'],
    [['fly'], 'Unknown command "fly".\nRun "atlas help" to list the commands.\n'],
    [['stack', 'up', '--data-dri', 'x'], 'Unknown option --data-dri.\nDid you mean --data-dir?\n'],
    [
      ['stack', 'up', '--softly'],
      'Unknown option --softly.\nRun "atlas stack up --help" for its options and examples.\n',
    ],
  ])('reports the unknown command or option in %j, with a hint', async (words, complaint) => {
    await expect(call(...words)).resolves.toBe(2);
    expect(terminal.complaints).toBe(complaint);
    expect(run).not.toHaveBeenCalled();
  });

  it('refers to a command as the user invoked it', async () => {
    const npm = atlasWith({ ...up, calledAs: 'npm start --' });
    await runCommandLine(['stack', 'up', '--softly'], npm, terminal);
    expect(terminal.complaints).toContain('\nRun "npm start -- --help" for its options and examples.\n');
  });

  it('shows a failure with its notes and hint, and an unexpected error with its stack trace', async () => {
    const details = { notes: ['(trace id t1)'], hint: 'Stop the process that uses it.' };
    run.mockRejectedValueOnce(new CommandFailure('Port 4100 is already in use.', details));
    await expect(call('stack', 'up')).resolves.toBe(1);
    expect(terminal.complaints).toBe(
      'Port 4100 is already in use.\n  (trace id t1)\nStop the process that uses it.\n',
    );
    run.mockRejectedValueOnce(new TypeError('x is undefined'));
    await expect(call('stack', 'up')).resolves.toBe(1);
    expect(terminal.complaints).toMatch(/TypeError: x is undefined\n +at /);
  });

  describe('with --json', () => {
    const error = (): unknown => JSON.parse(terminal.complaints);

    it('writes a failure to standard error as one JSON object', async () => {
      const facts = { status: 409, trace_id: 't1' };
      run.mockRejectedValue(
        new CommandFailure('It is busy.', { code: 'busy', hint: 'Wait.', exitCode: 3, facts }),
      );
      await expect(call('stack', 'up', '--json')).resolves.toBe(3);
      expect(error()).toEqual({ code: 'busy', detail: 'It is busy.', hint: 'Wait.', ...facts });
      expect(terminal.written).toBe('');
    });

    it('writes usage errors as JSON, including those that the command itself throws', async () => {
      await expect(call('tennat', '--json')).resolves.toBe(2);
      const meant = 'Did you mean "atlas tenant"?';
      expect(error()).toEqual({ code: 'unknown_command', detail: 'Unknown command "tennat".', hint: meant });
      terminal = new RecordingTerminal();
      run.mockRejectedValue(new UsageError('--data-dir is empty.'));
      await expect(call('stack', 'up', '--json')).resolves.toBe(2);
      const hint = 'Run "atlas stack up --help" for its options and examples.';
      expect(error()).toEqual({ code: 'usage_error', detail: '--data-dir is empty.', hint });
    });

    it('writes an unexpected error as JSON', async () => {
      run.mockRejectedValue(new TypeError('x is undefined'));
      await expect(call('stack', 'up', '--json')).resolves.toBe(1);
      expect(error()).toEqual({ code: 'internal_error', detail: 'TypeError: x is undefined' });
    });
  });
});
