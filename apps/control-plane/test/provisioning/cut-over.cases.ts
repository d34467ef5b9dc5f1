import { Database } from '@atlas/persistence';
import { EVERY_DATABASE } from '@atlas/testing';
import { DesiredStates } from '../../src/desired-state/desired-states';
import { Reconciler } from '../../src/reconcile/reconciler';
import { Cells } from '../../src/registry/cells';
import { TenantPlane } from '../../src/registry/tenant-plane.entity';
import { Tenant } from '../../src/registry/tenant.entity';
import { Transfers } from '../../src/transfers/transfers';
import { HeldRow } from '../held-operator.fixture';
import { JobScene } from '../job-scene.fixture';
import { type PlaneSimulator, type SignedAnswer } from '../plane-simulator.fixture';
import { Traveller, beside } from '../travel-scene.fixture';

const NEW_ADDRESS = 'https://new-address.example.com';

describe.each(EVERY_DATABASE)('making a plane the home of a tenant, on %s', (driver) => {
  let scene: JobScene;
  let tenant: Traveller;
  let target: PlaneSimulator;
  let count = 0;
  beforeAll(async () => {
    scene = await JobScene.set(driver);
    Object.assign(scene.plane.app.get(Reconciler), { pause: () => Promise.resolve() });
  });
  afterAll(() => scene.plane.close());
  beforeEach(async () => {
    tenant = await Traveller.settle(scene, `region-${(count += 1)}`);
    target = await scene.plane.enrolledCell({ region: tenant.region });
  });
  afterEach(() => jest.restoreAllMocks());

  const staysWhereItIs = async (job: string): Promise<void> => {
    await scene.reaches(job, 'cancelled');
    expect((await scene.job(job)).error).toMatchObject({
      code: 'no_transfer',
      detail: expect.stringContaining('re-enrolled'),
    });
    expect(await scene.tenant(tenant.id)).toMatchObject({ tenant_plane_id: tenant.cell.id });
    await tenant.isHome();
  };
  const database = () => scene.plane.app.get(Database);

  it('tells only the source where the tenant will be, and only until the move ends', async () => {
    await target.report([], { endpoint_url: NEW_ADDRESS });
    const { job, last } = await tenant.almostMoved(target);
    expect(await tenant.told(({ moving_to }) => moving_to)).toBe(NEW_ADDRESS);
    await tenant.told(({ moving_to }) => moving_to === undefined, target);
    await last();
    await scene.reaches(job, 'succeeded');
    await tenant.told(({ moved_to, moving_to }) => moved_to !== undefined && moving_to === undefined);
    await tenant.told(({ phase, moving_to }) => phase === 'serving' && moving_to === undefined, target);
  });

  it("undoes the move if the plane's secret was revoked after the rows arrived", async () => {
    const { job, last } = await tenant.almostMoved(target);
    const revoked = scene.before('cut-over', async () => {
      const path = `/api/tenant-planes/${target.id}/rotate-secret`;
      await scene.plane.post(path, { mode: 'compromised' }).expect(202);
    });
    await last();
    await revoked;
    await staysWhereItIs(job);
  });

  it('undoes the move if the plane was reinstalled after the rows arrived', async () => {
    const { job, last } = await tenant.almostMoved(target);
    const anew = scene.before('cut-over', async () => void (await tenant.installAnew({}, target)));
    await last();
    await anew;
    await staysWhereItIs(job);
  });

  it('makes a new enrolment of the plane wait until the cut-over is complete', async () => {
    const { job, last } = await tenant.almostMoved(target);
    const transfers = scene.plane.app.get(Transfers);
    const end = transfers.end.bind(transfers);
    const anew = await scene.plane.reissue(target);
    const order: string[] = [];
    let enrolment: Promise<SignedAnswer> | undefined;
    jest.spyOn(transfers, 'end').mockImplementationOnce(async (...which) => {
      const enrol = () => anew.enrol().finally(() => order.push('enrolled'));
      ({ answer: enrolment } = await beside(database(), enrol));
      order.push('cut over');
      return end(...which);
    });
    await last();
    await scene.reaches(job, 'succeeded');
    await enrolment;
    expect(order).toEqual(['cut over', 'enrolled']);
  });

  /** Makes the cell report a new address just before the commit of the transaction that makes it the home. */
  const reportsAtCommit = (cell: PlaneSimulator): void => {
    const states = scene.plane.app.get(DesiredStates);
    const publish = states.publish.bind(states);
    jest.spyOn(states, 'publish').mockImplementationOnce(async (...given) => {
      ({ answer: report } = await beside(database(), () => cell.report([], { endpoint_url: NEW_ADDRESS })));
      return publish(...given);
    });
  };
  let report: Promise<SignedAnswer>;
  const isAt = async (address: string): Promise<void> => {
    expect((await report).status).toBe(200);
    expect(await scene.tenant(tenant.id)).toMatchObject({ endpoint_url: address });
  };
  const isRedirectedTo = (address: string) => tenant.told(({ moved_to }) => moved_to === address);

  it('applies the address that the plane reports during the cut-over, also to redirects', async () => {
    const { job, last } = await tenant.almostMoved(target);
    const now = scene.before('cut-over', async () => reportsAtCommit(target));
    await last();
    await now;
    await scene.reaches(job, 'succeeded');
    await isAt(NEW_ADDRESS);
    await isRedirectedTo(NEW_ADDRESS);
  });

  it('applies the address that the plane reports during the restore', async () => {
    await scene.plane.change(TenantPlane, { id: target.id }, { acceptsTenants: false });
    await tenant.leave();
    const { job, imported } = await tenant.comeBack();
    const now = scene.before('reinstate', async () => reportsAtCommit(tenant.cell));
    await imported();
    await now;
    await tenant.isHome();
    await isAt(NEW_ADDRESS);
    await tenant.report();
    await scene.reaches(job, 'succeeded');
  });

  it('applies the address that the plane reports while provisioning reserves a place on it', async () => {
    await scene.plane.change(TenantPlane, { id: target.id }, { acceptsTenants: false });
    const cells = scene.plane.app.get(Cells);
    const take = cells.takePlace.bind(cells);
    const now = scene.before('reserve-place', async () => {
      jest.spyOn(cells, 'takePlace').mockImplementationOnce(async (...wanted) => {
        const cell = await take(...wanted);
        const say = () => tenant.cell.report([], { endpoint_url: NEW_ADDRESS });
        ({ answer: report } = await beside(database(), say));
        return cell;
      });
    });
    const { body } = await scene.plane.provision({ region: tenant.region }).expect(202);
    await now;
    await tenant.cell.serve(body.tenant.id);
    await scene.reaches(body.job.id, 'succeeded');
    expect((await report).status).toBe(200);
    expect(await scene.tenant(body.tenant.id)).toMatchObject({ endpoint_url: NEW_ADDRESS });
  });

  // SQLite decides and places in turn.
  if (driver === 'postgres')
    it('rejects a cell whose secret is revoked just before provisioning takes a place in it', async () => {
      const { id } = target;
      await scene.plane.change(TenantPlane, { id: tenant.cell.id }, { acceptsTenants: false });
      await using held = await HeldRow.hold(scene.plane, TenantPlane, id, { status: 'expected' });
      const refused = scene.plane.provision({ region: tenant.region }).expect(503);
      const answer = refused.then(({ body }) => body);
      await held.untilWaiting(1);
      await held.release();
      expect(await answer).toMatchObject({ code: 'no_capacity' });
    });

  it('creates redirects that reconciliation updates when it repairs the address', async () => {
    const { job, last } = await tenant.almostMoved(target);
    await last();
    await scene.reaches(job, 'succeeded');
    await database().write(async (manager) => {
      await manager.update(Tenant, { id: tenant.id }, { endpointUrl: 'https://elsewhere.example.com' });
      await scene.plane.app
        .get(DesiredStates)
        .publish(manager, { tenantId: tenant.id, tenantPlaneId: tenant.cell.id });
    });
    await isRedirectedTo('https://elsewhere.example.com');
    expect(await scene.plane.app.get(Reconciler).look()).toMatchObject({ repaired: 1 });
    await isRedirectedTo('https://cell.example.com');
  });
});
