import { TENANT_STATUSES } from '@atlas/tenancy';
import { EVERY_DATABASE, eventually } from '@atlas/testing';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { ManualDriver } from '../../src/infrastructure/drivers/manual.driver';
import { Placement } from '../../src/registry/placement.entity';
import { Tenant } from '../../src/registry/tenant.entity';
import { TestControlPlane, provisionBody } from '../control-plane.fixture';
import { describeDriver, withoutDatabase } from '../driver-contract.fixture';
import { HeldRow } from '../held-operator.fixture';
import { JOBS } from '../job-scene.fixture';
import { PlaneSimulator, refusal } from '../plane-simulator.fixture';
import { formerHome } from '../travel-scene.fixture';

const MADE = {
  endpoint_url: 'https://acme.eu.example.com',
  db_url: 'postgres://acme:the-password-of-acme@db.example.com:5432/acme',
};

describeDriver('manual', async () => ({
  driver: new ManualDriver(),
  write: withoutDatabase,
  existing: async () => [],
  close: async () => undefined,
}));

describe.each(EVERY_DATABASE)(
  'a dedicated tenant whose infrastructure an operator creates, on %s',
  (driver) => {
    let plane: TestControlPlane;
    beforeAll(async () => {
      plane = await TestControlPlane.boot(driver, { INFRASTRUCTURE_DRIVER: 'manual' });
    });
    afterAll(() => plane.close());

    const provision = async () =>
      (await plane.provision({ deployment_model: 'dedicated' }).expect(202)).body as {
        tenant: { id: string; slug: string };
        job: { id: string };
      };
    const statesOf = async (job: string): Promise<string[]> =>
      (await plane.get(`${JOBS}/${job}`)).body.steps.map(({ status }: { status: string }) => status);
    const step = async (job: string, name: string): Promise<{ status: string; waiting_for: string | null }> =>
      (await plane.get(`${JOBS}/${job}`)).body.steps.find((one: { name: string }) => one.name === name);
    const waits = (job: string, name: string): Promise<boolean> =>
      eventually(async () => (await step(job, name)).status === 'waiting');
    const put = (id: string, body: object, token?: string) =>
      plane.put(`/api/tenants/${id}/infrastructure`, body, { token });

    it('waits for the operator, then for the plane, and becomes active', async () => {
      const { tenant, job } = await provision();
      await waits(job.id, 'create-infrastructure');
      const issued = await plane.post(`/api/tenants/${tenant.id}/provisioning-tokens`, {}).expect(201);
      const recorded = await put(tenant.id, MADE).expect(200);
      expect(recorded.body).toMatchObject({ endpoint_url: MADE.endpoint_url, has_db_url: true });
      await waits(job.id, 'await-enrolment');
      const { install } = issued.body;
      const dedicated = new PlaneSimulator(plane.url, plane.clock, recorded.body.tenant_plane_id, install);
      expect((await dedicated.enrol({ endpoint_url: MADE.endpoint_url })).status).toBe(200);
      await dedicated.serve(tenant.id);
      await eventually(async () => (await statesOf(job.id)).every((status) => status === 'done'));
      expect((await plane.get(`/api/tenants/${tenant.slug}`)).body).toMatchObject({
        status: 'active',
        url: `https://${tenant.slug}.atlas.example`,
        endpoint_url: MADE.endpoint_url,
        has_db_url: true,
      });
    });

    it('can be given a new address, to which its former homes redirect users', async () => {
      const { tenant } = await provision();
      await put(tenant.id, MADE).expect(200);
      const former = await formerHome(plane, tenant.id);
      const endpoint_url = 'https://acme.us.example.com';
      await put(tenant.id, { ...MADE, endpoint_url }).expect(200);
      await former.pull();
      expect(former.tenants.get(tenant.id)).toMatchObject({ phase: 'retired', moved_to: endpoint_url });
    });

    it('has a dry-run plan that leaves the infrastructure to a person', async () => {
      const path = '/api/tenants/provision?dry_run=true';
      const { body } = await plane.post(path, provisionBody({ deployment_model: 'dedicated' })).expect(200);
      const step = body.plan.steps.find(({ name }: { name: string }) => name === 'create-infrastructure');
      expect(step.creates).toEqual([expect.stringContaining('a person')]);
    });

    describe('its database URL', () => {
      let id: string;
      beforeAll(async () => {
        id = (await provision()).tenant.id;
        await put(id, MADE).expect(200);
      });

      it('is sealed at rest, and does not appear in other responses or audit entries', async () => {
        const [row] = await plane.rows(Tenant, { id });
        expect(row?.dbUrlSealed).toMatch(/^s1\.k1\./);
        const answers = await Promise.all([
          plane.get(`/api/tenants/${id}`),
          plane.get('/api/tenants'),
          plane.get('/api/audit?limit=200'),
        ]);
        for (const { text } of answers) expect(text).not.toContain('the-password-of-acme');
      });

      it('is shown to callers with secrets:read, and each read is audited', async () => {
        const token = await plane.createApiKey(['secrets:read']);
        const before = await plane.count(AuditEvent, { action: 'tenant.db_url_read', targetId: id });
        const answer = await plane.get(`/api/tenants/${id}/db-url`, { token }).expect(200);
        expect(answer.body).toEqual({ db_url: MADE.db_url });
        expect(await plane.count(AuditEvent, { action: 'tenant.db_url_read', targetId: id })).toBe(
          before + 1,
        );
      });

      it('is withheld from all other callers, including owners', async () => {
        const path = `/api/tenants/${id}/db-url`;
        expect(refusal(await plane.get(path, { token: plane.session }))).toEqual([403, 'forbidden']);
        const admin = await plane.createApiKey(['tenants:read', 'tenants:write', 'secrets:write']);
        expect(refusal(await plane.get(path, { token: admin }))).toEqual([403, 'forbidden']);
        expect(refusal(await put(id, MADE, plane.session))).toEqual([403, 'forbidden']);
      });

      it('results in a 404 if none has been recorded', async () => {
        const { tenant } = await provision();
        expect(refusal(await plane.get(`/api/tenants/${tenant.id}/db-url`))).toEqual([404, 'no_db_url']);
      });
    });

    it.each([
      ['an unsupported database', { ...MADE, db_url: 'mysql://acme' }, 'db_url'],
      ['an invalid endpoint', { ...MADE, endpoint_url: 'acme' }, 'endpoint_url'],
      ['no database', { endpoint_url: MADE.endpoint_url }, 'db_url'],
      ['an extra field', { ...MADE, region: 'eu' }, 'region'],
    ])(
      'refuses infrastructure with %s, and the error does not contain the password',
      async (_, body, field) => {
        const { tenant } = await provision();
        const answer = await put(tenant.id, body).expect(400);
        expect(answer.body.errors).toContainEqual({ field, message: expect.any(String) });
        expect(answer.text).not.toContain('the-password-of-acme');
      },
    );

    describe('a write', () => {
      const tenants = (id: string) => `/api/tenants/${id}`;
      const writes = {
        infrastructure: (id: string) => put(id, MADE),
        token: (id: string) => plane.post(`${tenants(id)}/provisioning-tokens`, {}),
        link: (id: string) => plane.post(`${tenants(id)}/signup-link`),
        change: (id: string) => plane.patch(tenants(id), { name: 'Another name' }),
      };
      const refused = {
        infrastructure: ['deprovisioning', 'deleted'],
        token: ['deleted'],
        link: ['provisioning', 'failed', 'deprovisioning', 'deleted'],
        change: ['deleted'],
      };
      const NAMES = Object.keys(writes) as (keyof typeof writes)[];
      /** Provisions a tenant and cancels the job, so that no job changes the status. */
      const stopped = async (): Promise<string> => {
        const { tenant, job } = await provision();
        await put(tenant.id, MADE).expect(200);
        await plane.post(`${JOBS}/${job.id}/cancel`);
        return tenant.id;
      };

      it.each(NAMES)('is refused in some statuses and accepted in all others: %s', async (write) => {
        const id = await stopped();
        for (const status of TENANT_STATUSES) {
          await plane.change(Tenant, { id }, { status });
          const answer = await writes[write](id);
          const isRefused = refused[write].includes(status);
          if (isRefused) expect(refusal(answer)).toEqual([409, 'invalid_transition']);
          else expect([status, answer.ok]).toEqual([status, true]);
        }
      });

      it.each(NAMES)('is refused if the tenant is deleted while the write waits: %s', async (write) => {
        const id = await stopped();
        await using held = await HeldRow.hold(plane, Tenant, id, { status: 'deleted' });
        const answer = writes[write](id).then();
        await held.untilWaiting(1);
        await held.release();
        expect(refusal(await answer)).toEqual([409, 'invalid_transition']);
      });

      it('of infrastructure is still accepted while the tenant is being restored', async () => {
        const id = await stopped();
        await plane.change(Tenant, { id }, { status: 'deprovisioning' });
        await plane.change(Placement, { tenantId: id }, { phase: 'importing' });
        await put(id, MADE).expect(200);
        await plane.change(Tenant, { id }, { status: 'deleted' });
        expect(refusal(await put(id, MADE))).toEqual([409, 'invalid_transition']);
      });

      it('of infrastructure to a deleted tenant is refused, and the error says what to do', async () => {
        const { tenant, job } = await provision();
        await waits(job.id, 'create-infrastructure');
        await plane.post(`${JOBS}/${job.id}/cancel`).expect(202);
        await plane.post(`${JOBS}/${job.id}/rollback`).expect(202);
        await eventually(async () => (await plane.get(tenants(tenant.id))).body.status === 'deleted');
        const answer = await put(tenant.id, MADE).expect(409);
        expect(answer.body.detail).toMatch(/is deleted\..* Provision a new tenant\.$/);
        expect(await plane.count(Placement, { tenantId: tenant.id })).toBe(0);
      });
    });

    it('leaves no usable install bundle if deprovisioned before its infrastructure is recorded', async () => {
      const { tenant, job } = await provision();
      await waits(job.id, 'create-infrastructure');
      const { install } = (await plane.post(`/api/tenants/${tenant.id}/provisioning-tokens`, {})).body;
      const [place] = await plane.rows(Placement, { tenantId: tenant.id });
      const { id, slug } = tenant;
      const going = await plane.post(`/api/tenants/${id}/deprovision`, { confirm_slug: slug }).expect(202);
      await eventually(async () => (await statesOf(going.body.job.id)).every((status) => status === 'done'));
      const theirs = new PlaneSimulator(plane.url, plane.clock, place?.tenantPlaneId ?? '', install);
      expect(refusal(await theirs.enrol())).toEqual([401, 'bad_signature']);
    });

    it('is the only kind of tenant whose infrastructure an operator can record', async () => {
      const { body } = await plane.provision({ deployment_model: 'on_prem' }).expect(202);
      expect(refusal(await put(body.tenant.id, MADE))).toEqual([409, 'not_dedicated']);
    });

    it('waits for its install bundle once its infrastructure is recorded, then for its plane', async () => {
      const { tenant, job } = await provision();
      const waitsFor = async (): Promise<string> => (await step(job.id, 'await-enrolment')).waiting_for ?? '';
      await waits(job.id, 'create-infrastructure');
      const recorded = await put(tenant.id, MADE).expect(200);
      await eventually(async () => /install bundle.*provisioning-tokens/.test(await waitsFor()));
      plane.clock.advance(3 * 24 * 3600);
      await plane.sweep();
      expect((await step(job.id, 'await-enrolment')).status).toBe('waiting');
      const { install } = (await plane.post(`/api/tenants/${tenant.id}/provisioning-tokens`, {}).expect(201))
        .body;
      await eventually(async () => (await waitsFor()) === 'the enrolment of the tenant plane');
      const dedicated = new PlaneSimulator(plane.url, plane.clock, recorded.body.tenant_plane_id, install);
      expect((await dedicated.enrol({ endpoint_url: MADE.endpoint_url })).status).toBe(200);
      await dedicated.serve(tenant.id);
      await eventually(async () => (await statesOf(job.id)).every((status) => status === 'done'));
    });
  },
);
