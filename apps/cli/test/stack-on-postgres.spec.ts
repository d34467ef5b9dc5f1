import { existsSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contentOf, inDemo } from './demo-tenant.fixture';
import { CAN_MOUNT, StackProcess, expectGone } from './stack.fixture';

jest.setTimeout(90_000);

describe('the local stack on Postgres', () => {
  // Other users cannot access this folder. If root runs the test, this includes the server's user.
  const folder = mkdtempSync(join(tmpdir(), 'atlas-stack-'));
  const dataDir = join(folder, 'data');
  let run: StackProcess;

  afterAll(async () => {
    run.send('SIGTERM');
    await run.exited;
    rmSync(folder, { recursive: true });
  });

  it('accepts an incident, and shuts Postgres down after the planes', async () => {
    run = new StackProcess(dataDir, { options: ['--postgres'] });
    const devStack = await run.ready();
    const incident = { title: 'Disk is full on web-1', severity: 'P2' };
    expect((await contentOf(devStack)).counts).toMatchObject({
      items: 20,
      alerts: 8,
      incidents: 3,
      finished: 1,
    });
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

  (CAN_MOUNT ? it : it.skip)(
    'runs from a checkout that only root can access, without changing permissions',
    async () => {
      const checkout = join(folder, 'checkout');
      mkdirSync(checkout);
      run = new StackProcess(dataDir, { options: ['--postgres'], checkout });
      const kept = (await inDemo(await run.ready(), 'GET')).body;
      const incident = expect.objectContaining({ title: 'Disk is full on web-1' }) as object;
      expect(kept['items']).toEqual(expect.arrayContaining([incident]));
      for (const closed of [folder, dataDir]) expect(statSync(closed).mode & 0o777).toBe(0o700);
      const programs = readlinkSync(join(dataDir, 'postgres-programs'));
      expect(existsSync(programs)).toBe(true);
      run.send('SIGTERM');
      await expect(run.exited).resolves.toBe(0);
      expect(existsSync(programs)).toBe(false);
    },
  );
});
