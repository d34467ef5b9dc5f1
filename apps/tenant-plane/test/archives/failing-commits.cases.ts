import { type DesiredTenant } from '@atlas/plane-contract';
import { CommitFaults, EVERY_DATABASE, FixedClock } from '@atlas/testing';
import { type BackgroundRuns } from '../../src/archives/background-runs';
import { ExportRuns } from '../../src/archives/export-runs';
import { Import } from '../../src/archives/import.entity';
import { Imports } from '../../src/archives/imports';
import { DueWork } from '../../src/due/due-work';
import { type CallOptions, TestTenantPlane } from '../tenant-plane.fixture';
import { OPERATIONAL, archiveOf, downloaded, rowsIn, unpacked, uploaded } from './archive.fixture';

describe.each(EVERY_DATABASE)('archives on %s, while COMMITs fail', (driver) => {
  const clock = new FixedClock();
  let faults: CommitFaults;
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let admin: CallOptions;

  beforeAll(async () => {
    faults = await CommitFaults.start();
    plane = await TestTenantPlane.boot(driver, { clock, through: (url) => faults.through(url) });
    ({ tenant, admin } = await plane.tenantWithAdmin('source'));
    for (const title of ['one', 'two'])
      await plane.post('/api/incidents', { title, severity: 'P3' }, admin).expect(201);
  });
  afterAll(async () => {
    await plane.close();
    await faults.stop();
  });

  /**
   * Waits until the run has ended. What it could not record as failed counts as interrupted after a while.
   */
  const settle = async (owner: object): Promise<void> => {
    await (Reflect.get(owner, 'runs') as BackgroundRuns).settled();
    clock.advance(121);
    await plane.app.get(DueWork).sweep();
  };

  it('are exported completely or not at all', async () => {
    let ready: string | undefined;
    faults.begin();
    for (let tries = 0; ready === undefined && tries < 30; tries += 1) {
      await plane.post('/api/exports', undefined, admin);
      await settle(plane.app.get(ExportRuns));
      const { body } = await plane.get('/api/exports', admin).expect(200);
      ready = body.items.find(({ status }: { status: string }) => status === 'ready')?.id;
    }
    faults.end();
    expect(faults.count).toBeGreaterThan(1);
    const files = unpacked((await downloaded(plane, ready ?? '', admin)).bytes);
    expect(rowsIn(files, 'incidents').map(({ title }) => title)).toEqual(['one', 'two']);
    const parts = await plane.tenants.read(tenant.tenant_id, ({ manager, tenantId }) =>
      manager.query<{ id: string }[]>(
        `select distinct c.export_id as id from export_chunks c join exports e
         on e.tenant_id = c.tenant_id and e.id = c.export_id where c.tenant_id = $1 and e.status <> 'ready'`,
        [tenantId],
      ),
    );
    expect(parts).toEqual([]);
  });

  it('are imported completely or not at all', async () => {
    const archive = await archiveOf(plane, admin);
    const { tenant: target, admin: by } = await plane.tenantWithAdmin('target');
    let answer: Awaited<ReturnType<typeof uploaded>> | undefined;
    faults.begin();
    for (let tries = 0; answer?.body.code !== 'tenant_not_empty' && tries < 30; tries += 1) {
      answer = await uploaded(plane, archive, by);
      await settle(plane.app.get(Imports));
    }
    faults.end();
    expect(faults.count).toBeGreaterThan(1);
    expect(answer).toMatchObject({ status: 409, body: { code: 'tenant_not_empty' } });
    expect((await plane.rows(target, Import)).filter(({ status }) => status === 'ready')).toHaveLength(1);
    const [before, after] = [unpacked(archive), unpacked(await archiveOf(plane, by))];
    for (const table of OPERATIONAL)
      expect([table, String(after[`${table}.ndjson`])]).toEqual([table, String(before[`${table}.ndjson`])]);
  });
});
