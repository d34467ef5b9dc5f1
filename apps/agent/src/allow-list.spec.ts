import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AllowList, type WantedCommand } from './allow-list';

const listOf = (...commands: object[]): AllowList => AllowList.parse(JSON.stringify({ commands }));
const wanted = (command: string, ...args: string[]): WantedCommand => ({ command, args, shell: false });

describe('the list of allowed commands', () => {
  it.each([
    [{ command: 'df' }, ['df'], true],
    [{ command: 'df' }, ['df', '-h'], false],
    [{ command: '/bin/sh' }, ['/bin/sh'], true],
    [{ command: '/bin/sh' }, ['/bin/../bin/sh'], false],
    [{ command: '/bin/sh' }, ['./sh'], false],
    [{ command: '/bin/sh' }, ['bin/sh'], false],
    [{ command: 'no-such-command' }, ['no-such-command'], true],
    [{ command: 'sc', args: [['restart', 'status'], 'web'] }, ['sc', 'status', 'web'], true],
    [{ command: 'sc', args: [['restart', 'status'], 'web'] }, ['sc', 'stop', 'web'], false],
    [{ command: 'sc', args: [['restart', 'status'], 'web'] }, ['sc', 'status'], false],
    [{ command: 'sc', args: [['restart', 'status'], 'web'] }, ['sc', 'status', 'web', 'db'], false],
    [{ command: 'sc', args: ['status', '...'] }, ['sc', 'status'], true],
    [{ command: 'sc', args: ['status', '...'] }, ['sc', 'status', '-a', '../b'], true],
    [{ command: 'sc', args: ['status', '...'] }, ['sc', 'stop'], false],
    [{ command: 'sc', args: ['*.service'] }, ['sc', 'web.service'], true],
    [{ command: 'sc', args: ['*.service'] }, ['sc', 'web.service;x'], false],
    [{ command: 'sc', args: ['*'] }, ['sc', ''], true],
    [{ command: 'sc', args: ['a*b*c'] }, ['sc', 'abbc'], true],
    [{ command: 'sc', args: ['a*bc'] }, ['sc', 'abbc'], true],
    [{ command: 'sc', args: ['ab*bc'] }, ['sc', 'abc'], false],
    // A parameter must not become an option, or lead out of a folder.
    [{ command: 'sc', args: ['*'] }, ['sc', '--force'], false],
    [{ command: 'sc', args: ['--name=*'] }, ['sc', '--name=web'], true],
    [{ command: 'sc', args: ['/srv/*'] }, ['sc', '/srv/a'], true],
    [{ command: 'sc', args: ['/srv/*'] }, ['sc', '/srv/a/b'], false],
    [{ command: 'sc', args: ['/srv/*'] }, ['sc', '/srv/..'], false],
    [{ command: 'sc', args: ['/srv/*/x'] }, ['sc', '/srv/../x'], false],
    [{ shell: 'df | wc' }, ['df | wc'], false],
  ])('%j permits %j: %s', (entry, [command = '', ...args], expected) => {
    expect(listOf(entry).permits(wanted(command, ...args))).toBe(expected);
  });

  it('permits a shell command only by its exact text', () => {
    const list = listOf({ shell: 'df "$1" | wc', args: ['/*'] }, { command: 'df' });
    const inShell = (command: string, ...args: string[]): boolean =>
      list.permits({ command, args, shell: true });
    expect(inShell('df "$1" | wc', '/srv')).toBe(true);
    expect(inShell('df "$1" | wc', 'srv')).toBe(false);
    expect(inShell('df "$1" | wc ', '/srv')).toBe(false);
    expect(inShell('df')).toBe(false);
  });

  it.each([
    '[]',
    '{}',
    '{"commands": {}}',
    '{"commands": [{}]}',
    '{"commands": [{"command": ""}]}',
    '{"commands": [{"command": "bin/sh"}]}',
    '{"commands": [{"command": "a", "shell": "b"}]}',
    '{"commands": [{"command": "a", "args": "*"}]}',
    '{"commands": [{"command": "a", "arg": ["b"]}]}',
    '{"commands": [], "shell": true}',
  ])('refuses %s', (text) => {
    expect(() => AllowList.parse(text)).toThrow();
  });

  it('may look like the example in the guide', () => {
    const guide = readFileSync(join(__dirname, '../../../docs/guides/agents.md'), 'utf8');
    const list = AllowList.parse(/```json\n([^]*?)```/.exec(guide)?.[1] ?? '');
    expect(list.permits(wanted('/usr/bin/systemctl', 'restart', 'web.service'))).toBe(true);
    const search = { command: 'tail -n 20 "$1" | grep -c error', args: ['/var/log/syslog'], shell: true };
    expect(list.permits(search)).toBe(true);
  });

  it('takes little time for any argument', () => {
    const list = listOf({ command: 'sc', args: [`${'*a'.repeat(50)}b`] });
    const startedAt = Date.now();
    expect(list.permits(wanted('sc', 'a'.repeat(100_000)))).toBe(false);
    expect(Date.now() - startedAt).toBeLessThan(1000);
  });

  it('allows nothing without a file', () => {
    const list = AllowList.read('/no/such/file');
    expect([list.permits(wanted('true')), list.problem]).toEqual([false, 'There is no /no/such/file.']);
  });

  it('says why it allows nothing', () => {
    expect(AllowList.read(__dirname).problem).toMatch(/ cannot be read: EISDIR/);
    expect(AllowList.read(__filename).problem).toMatch(/allow-list.spec.ts is wrong: .*JSON/);
  });
});
