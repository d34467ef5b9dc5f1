import { ChangeTracking, Database } from '@atlas/persistence';
import { type DesiredTenant } from '@atlas/plane-contract';
import { type RunView } from '@atlas/tenant-api/automation';
import { type IncidentView } from '@atlas/tenant-api/incidents';
import { FixedClock } from '@atlas/testing';
import { exportJWK, generateKeyPair } from 'jose';
import { SealedValues } from '../../src/automation/run-secrets.entity';
import { DueWork } from '../../src/due/due-work';
import { IncomingTransfer } from '../../src/portability/incoming-transfer';
import { OutgoingTransfer } from '../../src/portability/outgoing-transfer';
import { type TransferRelay } from '../../src/portability/transfer-relay';
import { SloMeasurements } from '../../src/slos/slo-measurements';
import { allowAddresses } from '../allow-addresses.fixture';
import { MemoryRelay } from '../memory-relay.fixture';
import { codecsOf } from '../portable-rows.fixture';
import { StandInPrometheus, vector } from '../slos/stand-in-prometheus.fixture';
import { type CallOptions, TestTenantPlane } from '../tenant-plane.fixture';

const MINUTE = 60;
const VALUE = 'canary-value-8d1c77ab01fe';
const TOKEN = 'Bearer canary-header-6b0e52aa9c31';

/**
 * To see it fail: in `noteDueTimesOf`, leave out the trigger for inserted rows; in `HttpSteps` or
 * `StepLeases`, open values with the key of the plane; or leave the table of a secret out of
 * `TENANT_SCOPED_ENTITIES`.
 */
describe.each([
  ['sqlite', 'postgres'],
  ['postgres', 'sqlite'],
] as const)('work that goes on after a move from %s to %s', (from, to) => {
  const clock = new FixedClock();
  let source: TestTenantPlane;
  let target: TestTenantPlane;
  let prometheus: StandInPrometheus;
  let tenant: DesiredTenant;
  let admin: CallOptions;
  let count = 0;

  beforeAll(async () => {
    prometheus = await StandInPrometheus.start();
    [source, target] = (await Promise.all(
      [from, to].map((driver) => TestTenantPlane.boot(driver, { clock })),
    )) as [TestTenantPlane, TestTenantPlane];
    [source, target].forEach((plane) => allowAddresses(plane));
  });
  afterAll(async () => {
    await Promise.all([source.close(), target.close()]);
    await prometheus.close();
  });
  beforeEach(async () => {
    ({ tenant, admin } = await source.tenantWithAdmin(`moved-${(count += 1)}`));
  });

  const sweep = async (plane: TestTenantPlane): Promise<void> => {
    await plane.app.get(DueWork).sweep();
    await plane.app.get(SloMeasurements).settled();
  };
  /** Moves the tenant, and calls `meanwhile` while neither plane accepts its writes. */
  const move = async (meanwhile: () => Promise<void> = async () => undefined): Promise<void> => {
    const relay = new MemoryRelay();
    const shared = { relay: relay as unknown as TransferRelay, nameRun: () => relay.nameRun() };
    const pair = await generateKeyPair('ECDH-ES', { crv: 'X25519', extractable: true });
    const recipient = (await exportJWK(pair.publicKey)) as Record<string, unknown>;
    const tracking = new ChangeTracking(source.app.get(Database));
    const sending = new OutgoingTransfer(
      { ...shared, tenants: source.tenants, tracking },
      { transferId: 't', tenantId: tenant.tenant_id, recipient },
      codecsOf(source),
    );
    const receiving = new IncomingTransfer(
      {
        ...shared,
        write: (work) => target.tenants.write(tenant.tenant_id, work),
        markWhole: async () => undefined,
      },
      { transferId: 't', key: pair.privateKey },
      codecsOf(target),
    );
    const { signal } = new AbortController();
    const sent = sending.run(signal);
    sending.freeze();
    await Promise.all([sent, receiving.run(signal)]);
    await meanwhile();
    await source.tenant(tenant.slug, { ...tenant, phase: 'retired', moved_to: target.url });
    await target.tenant(tenant.slug, tenant);
  };
  const report = async (title: string): Promise<IncidentView> =>
    (await source.post('/api/incidents', { title, severity: 'P1' }, admin).expect(201)).body;
  const breachesAt = async (plane: TestTenantPlane): Promise<unknown[]> => {
    const entries = await plane.audit(tenant, 'incident.sla_breached');
    return entries.map(({ targetId, after }) => [targetId, after?.['target']]);
  };

  it('records each breach of a service level once', async () => {
    const before = await report('breached before');
    clock.advance(16 * MINUTE);
    await sweep(source);
    const during = await report('breached during the move');
    await move(async () => {
      clock.advance(16 * MINUTE);
      await sweep(source);
      await sweep(target);
    });
    await sweep(source);
    await Promise.all([sweep(target), sweep(target)]);
    const responses = [
      [before.id, 'response'],
      [during.id, 'response'],
    ];
    expect(await breachesAt(target)).toEqual(responses);
    expect(await breachesAt(source)).toEqual(responses.slice(0, 1));
    clock.advance(240 * MINUTE);
    await sweep(target);
    await sweep(target);
    const resolutions = responses.map(([id]) => [id, 'resolution']);
    expect((await breachesAt(target)).slice(2).sort()).toEqual(resolutions.sort());
  });

  it('gives an agent the secret value with which a run was started', async () => {
    await source.put('/api/automation/policy', { level: 5 }, admin).expect(200);
    const use = { name: 'use', kind: 'shell', risk: 'low', config: { command: 'use', args: ['{{token}}'] } };
    const body = { name: 'x', parameters: [{ name: 'token', secret: true }], steps: [use] };
    const { body: runbook } = await source.post('/api/runbooks', body, admin).expect(201);
    const { body: run } = await source
      .post(`/api/runbooks/${runbook.id}/runs`, { parameters: { token: VALUE } }, admin)
      .expect(202);
    const { key } = (await source.post('/api/agents', { name: 'a' }, admin).expect(201)).body;
    await move();
    const { body: lease } = await target.post('/api/agent/claim', {}, { session: key }).expect(200);
    expect(lease).toMatchObject({ job_id: run.id, config: { args: [VALUE] } });
    const results = {
      lease_id: lease.lease_id,
      output: `used ${VALUE}`,
      offset: 0,
      exit_code: 0,
      finished: true,
    };
    await target.post('/api/agent/results', results, { session: key }).expect(200);
    const ended: RunView = (await target.get(`/api/automation/jobs/${run.id}`, admin).expect(200)).body;
    expect([ended.status, ended.steps[0]?.output_tail]).toEqual([
      'succeeded',
      `used ${'*'.repeat(VALUE.length)}`,
    ]);
    expect(await target.rows(tenant, SealedValues)).toEqual([]);
  });

  it('sends the credentials of an objective to its Prometheus server', async () => {
    prometheus.answer(({ query }) => vector(query === 'total' ? '100' : '99'));
    const headers = { authorization: TOKEN };
    const indicator = {
      kind: 'prometheus',
      url: `${prometheus.url}/`,
      good_query: 'good',
      total_query: 'total',
      headers,
    };
    const wanted = { name: 'Checkout', objective: 0.99, window_days: 30, indicator };
    const { body: slo } = await source.post('/api/slos', wanted, admin).expect(201);
    await move();
    clock.advance(3 * MINUTE);
    await sweep(source);
    expect(prometheus.questions).toEqual([]);
    await sweep(target);
    expect(prometheus.headers.authorization).toBe(TOKEN);
    const { body: shown } = await target.get(`/api/slos/${slo.id}`, admin).expect(200);
    expect(shown).toMatchObject({ indicator: { headers: { authorization: null } }, indicator_error: null });
  });
});
