import { modelsWhere } from '@atlas/deployment-profiles';
import { Database } from '@atlas/persistence';
import { type DesiredTransfer } from '@atlas/plane-contract';
import { eventually } from '@atlas/testing';
import { RunningTransfers } from '../../src/portability/running-transfers';
import { TransferRelay } from '../../src/portability/transfer-relay';
import { Transfers } from '../../src/portability/transfers';
import { Reporter } from '../../src/reporting/reporter';
import { TestTenantPlane, tenantEntry } from '../tenant-plane.fixture';

describe(Transfers.name, () => {
  let plane: TestTenantPlane;
  beforeAll(async () => (plane = await TestTenantPlane.boot('sqlite')));
  afterAll(() => plane.close());

  it('resumes a transfer after a database failure', async () => {
    const id = '0199e000-0000-7000-8000-000000000009';
    const transfer = { id, role: 'target' } as const;
    await plane.apply({ tenants: [{ ...tenantEntry('comer'), phase: 'importing', transfer }] });
    const database = plane.app.get(Database);
    const read = database.read.bind(database);
    const reads = jest
      .spyOn(database, 'read')
      .mockImplementationOnce(read)
      .mockRejectedValueOnce(new Error('the server restarts'));
    await plane.app.get(Transfers).tend();
    await eventually(() => reads.mock.calls.length > 2, { what: 'the plane reads the row again' });
    expect(plane.app.get(RunningTransfers).has(id)).toBe(true);
    reads.mockRestore();
    await plane.app.get(Transfers).stop();
    expect(plane.app.get(RunningTransfers).size).toBe(0);
  });

  it('takes part in no transfer while the plane is an outdated copy', async () => {
    const id = '0199e000-0000-7000-8000-000000000019';
    const transfer = { id, role: 'target' } as const;
    await plane.apply({ tenants: [{ ...tenantEntry('late-comer'), phase: 'importing', transfer }] });
    const [transfers, running] = [plane.app.get(Transfers), plane.app.get(RunningTransfers)];
    await transfers.tend();
    expect(running.has(id)).toBe(true);
    await plane.identities.update({ copyNoticedAt: new Date() });
    await transfers.tend();
    await eventually(() => !running.has(id), { what: 'the transfer ends' });
    await transfers.tend();
    expect(running.has(id)).toBe(false);
    await plane.identities.update({ copyNoticedAt: null });
    await transfers.stop();
  });

  it.each(modelsWhere(({ installRequired }) => installRequired))(
    "sends no backup from a customer's %s plane, and reports why",
    async (model) => {
      const customers = await TestTenantPlane.boot('sqlite', { env: { ATLAS_TP_DEPLOYMENT: model } });
      const { tenant, admin } = await customers.tenantWithAdmin('acme');
      const transfers = customers.app.get(Transfers);
      const sent = jest.spyOn(customers.app.get(TransferRelay), 'send').mockResolvedValue(undefined);
      const reports = jest.spyOn(customers.app.get(Reporter), 'reportTransfer').mockReturnValue(undefined);
      const id = '0199e000-0000-7000-8000-000000000013';
      const { publicKey: recipient } = customers.identities.current;
      const want = async (role: 'source' | 'backup', entry_revision: number) => {
        const transfer = { id, role, recipient };
        await customers.apply({ tenants: [{ ...tenant, transfer, entry_revision }] });
      };
      try {
        // The admin's consent to a move makes no difference.
        await want('source', 2);
        await customers.post('/api/moves/consent', {}, admin).expect(200);
        await want('backup', 3);
        await transfers.tend();
        const error = expect.stringContaining('it sends no backup to the Control Plane');
        // The transfer of the previous entry may still report its own failure.
        const isReported = (): boolean =>
          reports.mock.calls.some(([{ entryRevision }]) => entryRevision === 3);
        await eventually(isReported, { what: 'the failure is reported' });
        expect(reports).toHaveBeenCalledWith({ tenantId: tenant.tenant_id, entryRevision: 3, error }, null);
        expect(sent).not.toHaveBeenCalled();
        await customers.post('/api/incidents', { title: 'x', severity: 'P3' }, admin).expect(201);
      } finally {
        await customers.close();
        jest.restoreAllMocks();
      }
    },
  );

  it("sends rows from a customer's plane only for the move that the admin has consented to", async () => {
    const customers = await TestTenantPlane.boot('sqlite', { env: { ATLAS_TP_DEPLOYMENT: 'on_prem' } });
    const { tenant, admin } = await customers.tenantWithAdmin('acme');
    const [running, transfers] = [customers.app.get(RunningTransfers), customers.app.get(Transfers)];
    const real = customers.app.get(TransferRelay);
    const sent = jest
      .spyOn(real, 'send')
      .mockImplementation(
        (_id, _part, _sealed, signal) =>
          new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('ended')))),
      );
    const { publicKey: recipient } = customers.identities.current;
    const [first, second] = ['1', '2'].map((n) => `0199e000-0000-7000-8000-00000000001${n}`);
    const wanted = async (id: string | undefined, entry_revision: number) => {
      const transfer = { id: id ?? '', role: 'source', recipient } as DesiredTransfer;
      await customers.apply({ tenants: [{ ...tenant, transfer, entry_revision }] });
      await transfers.tend();
    };
    try {
      await wanted(first, 2);
      expect([running.size, sent.mock.calls.length]).toEqual([0, 0]);
      for (let turn = 0; turn < 2; turn += 1)
        await customers.post('/api/moves/consent', {}, admin).expect(200);
      await transfers.tend();
      expect([...running.keys()]).toEqual([first]);
      // Another move needs another consent, regardless of its target.
      await wanted(second, 3);
      await eventually(() => running.size === 0, { what: 'the first transfer has stopped' });
      await transfers.tend();
      expect(running.size).toBe(0);
      expect(await customers.audit(tenant, 'move.consented')).toHaveLength(1);
    } finally {
      sent.mockRestore();
      await customers.close();
    }
  });
});
