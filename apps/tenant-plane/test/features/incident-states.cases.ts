import { type DesiredTenant } from '@atlas/plane-contract';
import { type IncidentStatus, INCIDENT_STATUSES } from '@atlas/tenant-api/incidents';
import { EVERY_DATABASE } from '@atlas/testing';
import { Audit } from '../../src/audit/audit';
import { Incident } from '../../src/incidents/incident.entity';
import { Pause, endedOrWaiting } from '../pause.fixture';
import { type CallOptions, TestTenantPlane } from '../tenant-plane.fixture';

/** The transitions that users rely on, written out rather than read from the tested code. */
const ALLOWED: Readonly<Record<IncidentStatus, readonly IncidentStatus[]>> = {
  triggered: ['open', 'acknowledged', 'investigating', 'resolved'],
  open: ['acknowledged', 'investigating', 'resolved'],
  acknowledged: ['investigating', 'resolved'],
  investigating: ['acknowledged', 'resolved'],
  resolved: ['closed', 'open'],
  closed: ['open'],
};
const PAIRS = INCIDENT_STATUSES.flatMap((from) => INCIDENT_STATUSES.map((to) => [from, to] as const));

describe.each(EVERY_DATABASE)('the state machine of incidents on %s', (driver) => {
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let admin: CallOptions;
  let id: string;

  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver);
    ({ tenant, admin } = await plane.tenantWithAdmin('acme'));
    const { body } = await plane.post('/api/incidents', { title: 'x', severity: 'P1' }, admin).expect(201);
    id = body.id;
    await plane.patch(`/api/incidents/${id}`, { resolution_notes: 'Freed space' }, admin).expect(200);
  });
  afterAll(() => plane.close());

  const put = (status: IncidentStatus): Promise<number> =>
    plane.tenants.write(tenant.tenant_id, (scope) => scope.update(Incident, { id }, { status }));
  const statusNow = async (): Promise<string | undefined> => (await plane.rows(tenant, Incident))[0]?.status;

  it('has exactly the documented states', () => {
    expect([...INCIDENT_STATUSES].sort()).toEqual(Object.keys(ALLOWED).sort());
  });

  it('checks a change against the state that an earlier concurrent change has stored', async () => {
    await put('open');
    const pause = Pause.before(plane.app.get(Audit), 'record');
    const resolving = plane
      .patch(`/api/incidents/${id}`, { status: 'resolved' }, admin)
      .then(({ body }) => body);
    await pause.reached;
    const second = plane
      .patch(`/api/incidents/${id}`, { status: 'investigating' }, admin)
      .then(({ body }) => body);
    await endedOrWaiting(plane, second);
    pause.release();
    expect((await resolving).status).toBe('resolved');
    expect(await second).toMatchObject({ status: 409, code: 'invalid_transition' });
  });

  it.each(PAIRS)('allows a change from %s to %s only if that transition is documented', async (from, to) => {
    await put(from);
    const answer = await plane.patch(`/api/incidents/${id}`, { status: to }, admin);
    const isAllowed = from === to || ALLOWED[from].includes(to);
    expect([answer.status, answer.body.status, answer.body.code]).toEqual(
      isAllowed ? [200, to, undefined] : [409, 409, 'invalid_transition'],
    );
    if (!isAllowed) for (const next of ALLOWED[from]) expect(answer.body.detail).toContain(next);
    expect(await statusNow()).toBe(isAllowed ? to : from);
  });

  it('changes no other field when it refuses a transition', async () => {
    await put('closed');
    await plane.patch(`/api/incidents/${id}`, { status: 'resolved', title: 'Changed' }, admin).expect(409);
    expect((await plane.rows(tenant, Incident))[0]?.title).toBe('x');
  });

  it.each(['done', 'OPEN', '', 1, ['open'], 'constructor', '__proto__'])(
    'rejects the state %p',
    async (status) => {
      await put('open');
      const { body } = await plane.patch(`/api/incidents/${id}`, { status }, admin).expect(400);
      expect(body.code).toBe('validation_failed');
      expect(await statusNow()).toBe('open');
    },
  );
});
