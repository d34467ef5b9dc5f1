import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inDemo } from './demo-tenant.fixture';
import { StackProcess, expectGone } from './stack.fixture';

jest.setTimeout(90_000);

describe('the local stack on Postgres', () => {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-stack-'));
  // If we are root, the server's own user must be able to enter the folder.
  chmodSync(folder, 0o755);
  let run: StackProcess;

  afterAll(async () => {
    run.send('SIGTERM');
    await run.exited;
    rmSync(folder, { recursive: true });
  });

  it('accepts an incident, and ends its server after the planes', async () => {
    run = new StackProcess(join(folder, 'data'), { options: ['--postgres'] });
    const devStack = await run.ready();
    const incident = { title: 'Disk is full on web-1', severity: 'P2' };
    await expect(inDemo(devStack, 'POST', incident)).resolves.toMatchObject({ status: 201 });
    const { children } = run;
    const names = ['postgres-keeper', 'postgres', 'control-plane', 'tenant-plane'];
    expect(children.map(({ name }) => name)).toEqual(names);
    run.send('SIGTERM');
    await expect(run.exited).resolves.toBe(0);
    await expectGone(children);
    expect(run.log('postgres.log')).toContain('database system is shut down');
    expect(run.log('postgres.log')).not.toContain('terminating connection');
  });
});
