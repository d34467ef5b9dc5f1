import { modelsWhere } from '@atlas/deployment-profiles';
import { EVERY_DATABASE, eventually } from '@atlas/testing';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { ProvisioningToken } from '../../src/enrolment/provisioning-token.entity';
import { IdempotencyRecord } from '../../src/idempotency/idempotency-key.entity';
import { Placement } from '../../src/registry/placement.entity';
import { TenantPlane } from '../../src/registry/tenant-plane.entity';
import { Tenant } from '../../src/registry/tenant.entity';
import { TestControlPlane, provisionBody } from '../control-plane.fixture';
import { HeldRow } from '../held-operator.fixture';
import { JOBS, stepOf } from '../job-scene.fixture';
import { type Install, PlaneSimulator, bodyOf, refusal } from '../plane-simulator.fixture';

const DAY_SECONDS = 24 * 3600;

interface Accepted {
  readonly tenant: { readonly id: string; readonly slug: string; readonly tenant_plane_id: string };
  readonly job: { readonly id: string };
  readonly install: Install;
}

describe.each(EVERY_DATABASE)('provisioning a tenant whose plane the customer installs, on %s', (driver) => {
  let plane: TestControlPlane;
  beforeAll(async () => (plane = await TestControlPlane.boot(driver)));
  afterAll(() => plane.close());

  const accept = async (changes: object = {}): Promise<Accepted> =>
    (await plane.provision({ deployment_model: 'on_prem', ...changes }).expect(202)).body;
  const simulator = ({ tenant, install }: Accepted): PlaneSimulator =>
    new PlaneSimulator(plane.url, plane.clock, tenant.tenant_plane_id, install);
  const job = async ({ job: { id } }: Accepted) =>
    bodyOf<{ status: string; error: unknown; steps: { name: string; status: string }[] }>(
      await plane.get(`${JOBS}/${id}`).expect(200),
    );
  const reaches = (accepted: Accepted, status: string): Promise<boolean> =>
    eventually(async () => (await job(accepted)).status === status, { what: `the job is ${status}` });
  const tenant = async (accepted: Accepted) =>
    (await plane.get(`/api/tenants/${accepted.tenant.id}`).expect(200)).body;
  const tokens = ({ tenant: { id } }: Accepted) => `/api/tenants/${id}/provisioning-tokens`;

  describe.each(modelsWhere(({ installRequired }) => installRequired))('%s', (deployment_model) => {
    it('returns an install bundle, and activates the tenant once its plane has enrolled', async () => {
      const accepted = await accept({ deployment_model });
      expect(accepted.install.env).toMatchObject({
        ATLAS_TP_DEPLOYMENT: deployment_model,
        CONTROL_PLANE_BASE_URL: 'http://127.0.0.1:4100',
        INTERNAL_SERVICE_SECRET: expect.stringMatching(/^ats_/),
        ATLAS_PROVISIONING_TOKEN: accepted.install.token,
      });
      expect(await tenant(accepted)).toMatchObject({ url: null, endpoint_url: null });
      await reaches(accepted, 'waiting');
      const customers = simulator(accepted);
      const endpoint_url = 'https://atlas.acme.example';
      expect((await customers.enrol({ endpoint_url, deployment_model })).status).toBe(200);
      await customers.serve(accepted.tenant.id);
      await reaches(accepted, 'succeeded');
      expect(await tenant(accepted)).toMatchObject({
        status: 'active',
        url: endpoint_url,
        endpoint_url,
        deployment_model,
        tenant_plane_id: accepted.tenant.tenant_plane_id,
      });
    });
  });

  it('needs no room in a cell, and its dry run says that an installation is required', async () => {
    const path = '/api/tenants/provision?dry_run=true';
    const asked = provisionBody({ deployment_model: 'hybrid', slug: 'planned' });
    const { body } = await plane.post(path, asked).expect(200);
    expect(body.plan).toMatchObject({ install_required: true, tenant: { slug: 'planned', url: null } });
    expect(body.plan.steps.map(({ name }: { name: string }) => name)).toContain('await-enrolment');
  });

  it('does not let the plane enrol with a different deployment model', async () => {
    const accepted = await accept();
    const answer = await simulator(accepted).enrol({ deployment_model: 'hybrid' });
    expect(refusal(answer)).toEqual([422, 'deployment_model_mismatch']);
  });

  it('returns the same install bundle to a repeated request until the bundle is used', async () => {
    const body = provisionBody({ deployment_model: 'on_prem', token_ttl_seconds: 3600 });
    const headers = { 'idempotency-key': 'once' };
    const first = await plane.post('/api/tenants/provision', body, { headers }).expect(202);
    const again = await plane.post('/api/tenants/provision', body, { headers }).expect(202);
    expect(again.text).toBe(first.text);
    expect(Date.parse(first.body.install.expires_at) - plane.clock.now().getTime()).toBe(3_600_000);
    await simulator(first.body).enrol();
    const late = await plane.post('/api/tenants/provision', body, { headers }).expect(202);
    expect(late.body.install).toBeNull();
    expect(await plane.count(IdempotencyRecord, { tokenId: first.body.install.token_id })).toBe(1);
  });

  it('is refused if the slug is taken, and leaves no plane or token', async () => {
    const { tenant: first } = await accept();
    const before = [await plane.count(TenantPlane), await plane.count(ProvisioningToken)];
    await plane.provision({ deployment_model: 'on_prem', slug: first.slug }).expect(409);
    expect([await plane.count(TenantPlane), await plane.count(ProvisioningToken)]).toEqual(before);
  });

  describe('when the plane does not enrol in time', () => {
    const expired = async (): Promise<Accepted> => {
      const accepted = await accept();
      await reaches(accepted, 'waiting');
      plane.clock.advance(DAY_SECONDS + 1);
      await plane.sweep();
      await reaches(accepted, 'failed');
      return accepted;
    };

    it('fails with an error that says what to do, and resumes with a new token', async () => {
      const accepted = await expired();
      expect((await job(accepted)).error).toEqual({
        code: 'enrolment_overdue',
        detail: expect.stringContaining('expired'),
        class: 'operator',
        fix: expect.stringMatching(/^Operator: issue a new token/),
      });
      expect((await tenant(accepted)).status).toBe('failed');
      expect(refusal(await simulator(accepted).enrol())).toEqual([410, 'token_expired']);

      const { install } = (await plane.post(tokens(accepted), {}).expect(201)).body;
      await reaches(accepted, 'waiting');
      const customers = simulator({ ...accepted, install });
      expect((await customers.enrol()).status).toBe(200);
      await customers.serve(accepted.tenant.id);
      await reaches(accepted, 'succeeded');
    });

    it('frees the slug when rolled back', async () => {
      const accepted = await expired();
      await plane.post(`${JOBS}/${accepted.job.id}/rollback`).expect(202);
      await reaches(accepted, 'cancelled');
      expect((await tenant(accepted)).status).toBe('deleted');
      expect(await plane.count(Placement, { tenantId: accepted.tenant.id })).toBe(0);
      const [retired] = await plane.rows(TenantPlane, { id: accepted.tenant.tenant_plane_id });
      expect(retired).toMatchObject({ status: 'retired', placed: 0 });
      await plane.provision({ deployment_model: 'on_prem', slug: accepted.tenant.slug }).expect(202);
    });
  });

  describe('provisioning tokens', () => {
    it('are listed with their states but no secrets, and a new token revokes the previous one', async () => {
      const accepted = await accept();
      plane.clock.advance(1);
      const { body } = await plane.post(tokens(accepted), { token_ttl_seconds: 600 }).expect(201);
      const list = await plane.get(tokens(accepted)).expect(200);
      expect(list.body.items).toEqual([
        expect.objectContaining({ id: body.install.token_id, state: 'live' }),
        expect.objectContaining({ id: accepted.install.token_id, state: 'revoked' }),
      ]);
      for (const secret of [body.install.token, accepted.install.token])
        expect(list.text).not.toContain(secret);
      expect(refusal(await simulator(accepted).enrol())).toEqual([410, 'token_revoked']);
      plane.clock.advance(601);
      const { items } = (await plane.get(tokens(accepted))).body;
      expect(items[0].state).toBe('expired');
    });

    it('can be revoked, and the job then needs an operator', async () => {
      const accepted = await accept();
      await reaches(accepted, 'waiting');
      await plane.delete(`${tokens(accepted)}/${accepted.install.token_id}`).expect(204);
      await reaches(accepted, 'failed');
      expect((await job(accepted)).error).toMatchObject({
        code: 'enrolment_overdue',
        detail: expect.stringContaining('no live provisioning token'),
      });
      expect(refusal(await simulator(accepted).enrol())).toEqual([410, 'token_revoked']);
    });

    it('can be revoked even after they have expired', async () => {
      const accepted = await accept();
      const path = `${tokens(accepted)}/${accepted.install.token_id}`;
      plane.clock.advance(DAY_SECONDS + 1);
      await plane.delete(path).expect(204);
      await plane.delete(path).expect(204);
      expect((await plane.get(tokens(accepted))).body.items[0].state).toBe('revoked');
    });

    it('cannot be revoked once used; the request that the error suggests works', async () => {
      const accepted = await accept();
      // The job's worker must not wait for a lock, because `untilWaiting` would count it.
      await reaches(accepted, 'waiting');
      const taken = simulator(accepted);
      const { token_id: id } = accepted.install;
      await using held = await HeldRow.hold(plane, ProvisioningToken, id);
      const enrolling = taken.enrol();
      await held.untilWaiting(1);
      const revoking = plane.delete(`${tokens(accepted)}/${id}`).then();
      await held.untilWaiting(2);
      await held.release();
      expect((await enrolling).status).toBe(200);
      const refused = await revoking;
      expect(refusal(refused)).toEqual([409, 'token_already_used']);
      expect(refusal(await plane.delete(`${tokens(accepted)}/${id}`))).toEqual(refusal(refused));
      const [, path, body] = /POST (\S+) with (\S+)\.$/.exec(refused.body.detail) ?? [];
      await plane.post(path ?? '', body).expect(202);
      expect((await taken.report()).status).toBe(401);
      const revoked = { action: 'provisioning_token.revoked', targetId: id };
      expect(await plane.count(AuditEvent, revoked)).toBe(0);
    });

    it('cannot be revoked through another tenant', async () => {
      const [one, other] = [await accept(), await accept()];
      const path = `${tokens(one)}/${other.install.token_id}`;
      expect(refusal(await plane.delete(path))).toEqual([404, 'not_found']);
    });

    it('are not issued for a tenant on a shared plane', async () => {
      await plane.enrolledCell();
      const { body } = await plane.provision().expect(202);
      const answer = await plane.post(`/api/tenants/${body.tenant.id}/provisioning-tokens`, {});
      expect(refusal(answer)).toEqual([409, 'no_tenant_plane']);
    });

    it('cannot be listed for an unknown tenant (404)', async () => {
      const path = '/api/tenants/00000000-0000-7000-8000-000000000000/provisioning-tokens';
      expect(refusal(await plane.get(path))).toEqual([404, 'tenant_not_found']);
    });
  });

  it('revokes the access of the plane when rolled back', async () => {
    const accepted = await accept();
    await reaches(accepted, 'waiting');
    const customers = simulator(accepted);
    await customers.enrol();
    expect((await customers.pull()).status).toBeLessThan(300);
    await eventually(async () => stepOf(await job(accepted), 'await-report')?.status === 'waiting');
    await plane.post(`${JOBS}/${accepted.job.id}/cancel`).expect(202);
    await plane.post(`${JOBS}/${accepted.job.id}/rollback`).expect(202);
    await reaches(accepted, 'cancelled');
    expect(refusal(await customers.pull())).toEqual([401, 'bad_signature']);
    expect(await plane.rows(Tenant, { id: accepted.tenant.id })).toMatchObject([{ status: 'deleted' }]);
  });
});
