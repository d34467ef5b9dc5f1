import { version } from '../package.json';
import { type Command, CommandFailure, UsageError } from './command';
import { runCommandLine } from './command-line';

const run = jest.fn<Promise<number>, [readonly string[]]>();
const command: Command = { name: 'stack up', summary: 'starts it', usage: 'all options', run };

describe(runCommandLine.name, () => {
  let out = '';
  let err = '';
  const terminal = { out: (text: string) => (out += text), err: (text: string) => (err += text) };
  const call = (...words: string[]): Promise<number> => runCommandLine(words, [command], terminal);

  beforeEach(() => {
    run.mockReset().mockResolvedValue(0);
    out = err = '';
  });

  it('hands the command what follows its name', async () => {
    await expect(call('stack', 'up', '--json')).resolves.toBe(0);
    expect(run).toHaveBeenCalledWith(['--json']);
  });

  it('lists the commands when asked for help', async () => {
    await expect(call('--help')).resolves.toBe(0);
    expect(out).toContain('atlas stack up   starts it');
  });

  it('says its version', async () => {
    await expect(call('--version')).resolves.toBe(0);
    expect(out).toBe(`atlas ${version}\n`);
  });

  it.each([[[]], [['stack']], [['fly']]])(
    'shows the usage for %j and exits with 2',
    async (words: string[]) => {
      await expect(call(...words)).resolves.toBe(2);
      expect(err).toContain('atlas stack up');
      expect(run).not.toHaveBeenCalled();
    },
  );

  it('says last what was wrong, where the usage has not scrolled it away', async () => {
    await call('stack', 'down');
    expect(err).toMatch(/atlas stack up[^]*There is no command "stack down"\.\n$/);
  });

  it('shows the options of a command without running it', async () => {
    await expect(call('stack', 'up', '--postgres', '--help')).resolves.toBe(0);
    expect(out).toBe('all options');
    expect(run).not.toHaveBeenCalled();
  });

  it('exits with 2 when the command does not understand its options', async () => {
    run.mockRejectedValue(new UsageError('no such option'));
    await expect(call('stack', 'up')).resolves.toBe(2);
    expect(err).toContain('no such option');
  });

  it('names the call whose options are shown, where it was not its own name', async () => {
    run.mockRejectedValue(new UsageError('no such option'));
    await call('stack', 'up', '--typo');
    expect(err).toContain('  atlas stack up --help shows the options.');
    await runCommandLine(['stack', 'up', '--typo'], [{ ...command, calledAs: 'npm start --' }], terminal);
    expect(err).toContain('  npm start -- --help shows the options.');
  });

  it('tells a failure in one sentence, and a defect with its stack', async () => {
    run.mockRejectedValueOnce(new CommandFailure('the port is busy'));
    await expect(call('stack', 'up')).resolves.toBe(1);
    expect(err).toBe('the port is busy\n');
    run.mockRejectedValueOnce(new TypeError('x is undefined'));
    await expect(call('stack', 'up')).resolves.toBe(1);
    expect(err).toMatch(/TypeError: x is undefined\n +at /);
  });
});
