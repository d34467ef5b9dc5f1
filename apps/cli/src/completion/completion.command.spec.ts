import { spawnSync } from 'node:child_process';
import { DEPLOYMENT_MODELS } from '@atlas/deployment-profiles';
import { RecordingTerminal } from '../../test/recording-terminal.fixture';
import { runCommandLine } from '../command-line';
import { atlasProgram } from '../commands';
import { type Program } from '../program';
import { tenantPlaneProgram } from '../tenant-plane/commands';

const script = async (shell: string, programFor: (terminal: RecordingTerminal) => Program) => {
  const terminal = new RecordingTerminal();
  expect(await runCommandLine(['completion', shell], programFor(terminal), terminal)).toBe(0);
  return terminal.written;
};

describe('completion in bash', () => {
  let ofAtlas = '';
  let ofTenantPlane = '';
  beforeAll(async () => {
    ofAtlas = await script('bash', atlasProgram);
    ofTenantPlane = await script('bash', tenantPlaneProgram);
  });

  /** The completions that bash offers for the last of these words. */
  const offered = (loaded: string, ...words: string[]): string[] => {
    const program = words[0] ?? '';
    // Calls the function that `complete` registered, as Tab does.
    const tab = `${loaded}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length - 1}
registered=$(complete -p ${program}); registered=\${registered#*-F }; \${registered%% *}
printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-c', tab], { encoding: 'utf8' });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    return stdout.split('\n').filter((word) => word !== '');
  };
  const atlas = (...words: string[]): string[] => offered(ofAtlas, 'atlas', ...words);

  it('completes commands', () => {
    expect(atlas('prov')).toEqual(['provision']);
    expect(atlas('plane')).toEqual(['planes', 'plane-logs']);
    expect(atlas('')).toEqual(expect.arrayContaining(['tenants', 'help', 'completion', '--version']));
  });

  it('completes the second word of a command', () => {
    expect(atlas('audit', 'e')).toEqual(['export']);
    expect(atlas('operators', '')).toEqual(
      expect.arrayContaining(['add', 'role', 'disable', 'enable', 'reset-link', '--json']),
    );
    expect(atlas('stack', '')).toEqual(['up']);
    expect(atlas('help', 'operators', 'a')).toEqual(['add']);
  });

  it('completes the options of a command', () => {
    expect(atlas('provision', '--na')).toEqual(['--name']);
    expect(atlas('audit', '--s')).toEqual([]);
    expect(atlas('audit', 'verify', '--s')).toEqual(['--since']);
    expect(atlas('tenant', 'acme', '--tim')).toEqual(['--timeout']);
  });

  it('completes values that come from a fixed list', () => {
    expect(atlas('provision', '--model', '')).toEqual(DEPLOYMENT_MODELS);
    expect(atlas('provision', '--model', '=', 'sh')).toEqual(['shared']);
    expect(atlas('provision', '--model', '=')).toEqual(DEPLOYMENT_MODELS);
    expect(atlas('provision', '--name', '')).toEqual([]);
    expect(atlas('completion', 'z')).toEqual(['zsh']);
  });

  it('completes the commands and options of atlas-tp', () => {
    expect(offered(ofTenantPlane, 'atlas-tp', 'pre')).toEqual(['preflight']);
    expect(offered(ofTenantPlane, 'atlas-tp', 'enrol', '--o')).toEqual(['--offline']);
  });
});

describe.each([
  ['zsh', ['zsh', '-n', '-c']],
  ['fish', ['fish', '--no-execute', '-c']],
])('completion in %s', (shell, [command = '', ...args]) => {
  const isThere = spawnSync(command, ['--version']).status === 0;

  it('describes every command and option', async () => {
    const text = await script(shell, atlasProgram);
    for (const word of [
      'provision',
      'audit',
      'export',
      'accept-data-loss',
      'plane-logs',
      'Provision a tenant',
    ])
      expect(text).toContain(word);
    // The syntax can be checked only if the shell is installed.
    if (isThere)
      expect(spawnSync(command, [...args, text], { encoding: 'utf8' })).toMatchObject({
        status: 0,
        stderr: '',
      });
  });
});
