import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identityOf } from '@atlas/platform/processes';
import { readPrivateFile, writePrivateFile } from './private-file';
import { ProcessList } from './process-list';

describe(ProcessList.name, () => {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-pids-'));
  const file = join(folder, 'pids.json');
  const list = new ProcessList(file);
  const children: ChildProcess[] = [];

  function idle(): ChildProcess & { readonly pid: number } {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    children.push(child);
    return Object.assign(child, { pid: child.pid ?? 0 });
  }

  beforeEach(() => rmSync(file, { force: true }));
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  it('terminates the processes that a killed stack left behind', async () => {
    const orphan = idle();
    await list.claim();
    list.add('control-plane', orphan.pid);
    const exit = once(orphan, 'exit');
    await new ProcessList(file).claim();
    await expect(exit).resolves.toEqual([null, 'SIGTERM']);
  });

  it('does not terminate another process that reuses a listed pid', async () => {
    const stranger = idle();
    const identity = identityOf(stranger.pid);
    const earlier = { name: 'tenant-plane', pid: stranger.pid, ...identity, startedAt: 'long ago' };
    writePrivateFile(file, { children: [earlier, { ...earlier, ...identity, command: 'node other.js' }] });
    await list.claim();
    expect(identityOf(stranger.pid)).toEqual(identity);
  });

  it('refuses to start while the listed stack is running, and changes nothing', async () => {
    const stack = idle();
    const listing = { stack: { name: 'stack', pid: stack.pid, ...identityOf(stack.pid) }, children: [] };
    writePrivateFile(file, listing);
    await expect(list.claim()).rejects.toThrow(`(pid ${stack.pid})`);
    expect(readPrivateFile(file)).toEqual(listing);
  });

  it('says what to do about a damaged list, and keeps it', async () => {
    for (const damaged of ['', '{"stack":{"na']) {
      writeFileSync(file, damaged);
      const refused = expect.stringMatching(/pids\.json is not valid JSON\.$/) as string;
      const advice = expect.stringMatching(/delete the file, then start again/) as string;
      await expect(list.claim()).rejects.toMatchObject({ message: refused, hint: advice });
      const other = new ProcessList(join(folder, 'none'), [file]);
      await expect(other.claim()).rejects.toMatchObject({ message: refused, hint: advice });
      expect(readFileSync(file, 'utf8')).toBe(damaged);
    }
  });

  it('removes the list on release', async () => {
    await list.claim();
    await list.release();
    expect(existsSync(file)).toBe(false);
  });
});
