import {
  DEPLOYMENT_MODELS,
  OUTAGE_STAGES,
  type OutageBehaviour,
  type OutageCapability,
  type OutageStage,
} from '@atlas/deployment-profiles';
import { type DesiredTenant } from '@atlas/plane-contract';
import { hashPassword } from '@atlas/platform';
import { type OutageCapabilityView, type OutageContractView } from '@atlas/tenant-api/outage';
import { EVERY_DATABASE, eventually } from '@atlas/testing';
import type supertest from 'supertest';
import { ShiftedClock } from '../fake-control-plane.fixture';
import { LeaseKey } from '../lease-key.fixture';
import { Link } from '../linked-plane.fixture';
import {
  type CallOptions,
  PASSWORD,
  type TestTenantPlane,
  hostOf,
  tenantEntry,
} from '../tenant-plane.fixture';

const SECONDS: Readonly<Record<OutageStage, number>> = {
  PT0S: 0,
  PT1H: 3600,
  P1D: 24 * 3600,
  P30D: 30 * 24 * 3600,
};
const SLO = { name: 'Checkout', objective: 0.99, window_days: 30, indicator: { kind: 'events' } };
const ALLOWED = { allow_control_plane: true, features: { analysis: 'allow' } };
const RUNBOOK = { name: 'Look', steps: [{ name: 'look', kind: 'manual', risk: 'low', config: {} }] };

const cases = EVERY_DATABASE.flatMap((driver) => DEPLOYMENT_MODELS.map((model) => ({ driver, model })));

describe.each(cases)('the outage contract of $model on $driver', ({ driver, model }) => {
  const clock = new ShiftedClock();
  let acme: DesiredTenant;
  let link: Link;
  let plane: TestTenantPlane;
  let key: LeaseKey;
  let passwordHash: string;
  let admin: CallOptions & { email: string };
  let ingestKey: string;
  let made = 0;

  const renew = async (name: string): Promise<void> => {
    const facts = { tenantId: acme.tenant_id, planeId: link.control.planeId, now: link.control.clock.now() };
    link.control.wanted.put({ ...acme, name, lease: await key.lease(facts) });
  };
  const enter = async (): Promise<void> => {
    const email = `admin-${(made += 1)}@example.com`;
    admin = { ...(await plane.user(acme, 'admin', { email, passwordHash })), email, host: hostOf(acme.slug) };
  };
  beforeAll(async () => {
    passwordHash = await hashPassword(PASSWORD);
    link = await Link.create(driver);
    link.control.model = model;
    acme = tenantEntry('acme');
    key = await LeaseKey.create();
    link.control.wanted.keys = [key.published];
    await renew('Acme');
    plane = await link.startPlane({ ATLAS_TP_DEPLOYMENT: model }, clock);
    await link.reported(acme.tenant_id);
    await enter();
    await plane.put('/api/ai/settings', ALLOWED, admin).expect(200);
    const source = { name: 'Alerts', kind: 'generic' };
    ingestKey = (await plane.post('/api/data-sources', source, admin).expect(201)).body.key;
  });
  afterAll(() => link.close());

  const contract = async (): Promise<OutageContractView> =>
    (await plane.get('/api/outage-contract', admin).expect(200)).body;
  const name = async (): Promise<string> => (await plane.get('/api/tenant-default', admin)).body.tenant.name;
  const behaviourOf = async (write: supertest.Test, read: supertest.Test): Promise<OutageBehaviour> => {
    const [written, shown] = [(await write).status, (await read).status];
    if (written < 300 && shown === 200) return 'works';
    return written === 402 && shown === 200 ? 'degraded' : 'refused';
  };
  const post = (path: string, body?: object): supertest.Test => plane.post(path, body, admin);
  const get = (path: string): supertest.Test => plane.get(path, admin);

  /** What users find when they use each capability. */
  const found: Readonly<Record<OutageCapability, () => Promise<OutageBehaviour>>> = {
    sign_in: () =>
      behaviourOf(post('/api/auth/token', { email: admin.email, password: PASSWORD }), get('/api/auth/me')),
    incidents: () =>
      behaviourOf(post('/api/incidents', { title: 'Down', severity: 'P2' }), get('/api/incidents')),
    alert_ingest: () => {
      const alerts = [{ status: 'firing', labels: { alertname: `Down ${(made += 1)}` } }];
      return behaviourOf(post(`/api/ingest/generic/${ingestKey}`, { alerts }), get('/api/alerts'));
    },
    cmdb: () => behaviourOf(post('/api/cmdb/items', { type: 'server', name: 'db' }), get('/api/cmdb/items')),
    exports: async () => {
      await eventually(async () => (await get('/api/exports')).body.items[0]?.status !== 'running');
      return behaviourOf(post('/api/exports'), get('/api/exports'));
    },
    slos: () => behaviourOf(post('/api/slos', { ...SLO, name: `SLO ${(made += 1)}` }), get('/api/slos')),
    runbooks: () => behaviourOf(post('/api/runbooks', RUNBOOK), get('/api/runbooks')),
    ai: async () => {
      const { body } = await post('/api/incidents', { title: 'Down', severity: 'P2' });
      const { status } = await post(`/api/ai/incidents/${body.id}/analysis`);
      return status === 200 ? 'works' : 'refused';
    },
    tenant_address: async () => ((await get('/api/tenant-default')).status === 200 ? 'works' : 'refused'),
    entitlements: async () =>
      (await get('/api/entitlements')).body.read_only === null ? 'works' : 'degraded',
    tenant_lifecycle: async () => ((await name()) === 'Acme' ? 'refused' : 'works'),
  };
  const expectAsPromised = async (
    expected: (view: OutageCapabilityView) => OutageBehaviour | undefined,
  ): Promise<void> => {
    const { capabilities } = await contract();
    expect(capabilities).toHaveLength(Object.keys(found).length);
    for (const view of capabilities) {
      const now = await found[view.key]();
      // AI analyses are a paid extra, so an expired lease refuses them too.
      expect([view.key, view.now, now]).toEqual([view.key, expected(view), expected(view)]);
    }
  };

  it.each(OUTAGE_STAGES)('holds after %s', async (stage) => {
    link.control.manner = 'broken';
    await renew('Renamed');
    await eventually(async () => !(await contract()).control_plane.reachable);
    clock.aheadSeconds = SECONDS[stage] + 60;
    await enter();
    expect((await contract()).stage).toBe(stage);
    await expectAsPromised(({ stages }) => stages.find(({ after }) => after === stage)?.behaviour);
  });

  it('is over when the Control Plane is back', async () => {
    link.control.clock.aheadSeconds = clock.aheadSeconds;
    await renew('Renamed');
    link.control.manner = 'proper';
    await eventually(async () => (await contract()).control_plane.reachable && (await name()) === 'Renamed', {
      timeoutMs: 20_000,
    });
    expect((await contract()).stage).toBeNull();
    await expectAsPromised(() => 'works');
  });
});
