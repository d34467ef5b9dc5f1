import { EVERY_DATABASE, eventually } from '@atlas/testing';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { Placement } from '../../src/tenant-planes/placement.entity';
import { Tenant } from '../../src/tenants/tenant.entity';
import { TestControlPlane, provisionBody } from '../control-plane.fixture';
import { JOBS } from '../job-scene.fixture';
import { PlaneSimulator, refusal } from '../plane-simulator.fixture';

const MADE = {
  endpoint_url: 'https://acme.eu.example.com',
  db_url: 'postgres://acme:the-password-of-acme@db.example.com:5432/acme',
};

describe.each(EVERY_DATABASE)('a dedicated tenant whose infrastructure a person makes, on %s', (driver) => {
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
  const waits = (job: string, step: number): Promise<boolean> =>
    eventually(async () => (await statesOf(job))[step] === 'waiting');
  const put = (id: string, body: object, token?: string) =>
    plane.put(`/api/tenants/${id}/infrastructure`, body, { token });

  it('waits for that person, then for the plane, and is active', async () => {
    const { tenant, job } = await provision();
    await waits(job.id, 1);
    const issued = await plane.post(`/api/tenants/${tenant.id}/provisioning-tokens`, {}).expect(201);
    const recorded = await put(tenant.id, MADE).expect(200);
    expect(recorded.body).toMatchObject({ endpoint_url: MADE.endpoint_url, has_db_url: true });
    await waits(job.id, 2);
    const { install } = issued.body;
    const dedicated = new PlaneSimulator(plane.url, plane.clock, recorded.body.tenant_plane_id, install);
    expect((await dedicated.enrol({ endpoint_url: MADE.endpoint_url })).status).toBe(200);
    await dedicated.serve(tenant.id);
    await eventually(async () => (await statesOf(job.id)).every((status) => status === 'done'));
    expect((await plane.get(`/api/tenants/${tenant.slug}`)).body).toMatchObject({
      ...{ status: 'active', url: `https://${tenant.slug}.atlas.example` },
      ...{ endpoint_url: MADE.endpoint_url, has_db_url: true },
    });
  });

  it('says in a dry run that nothing is made by itself', async () => {
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

    it('is sealed at rest, and in no answer and no audit row', async () => {
      const [row] = await plane.rows(Tenant, { id });
      expect(row?.dbUrlSealed).toMatch(/^s1\.k1\./);
      const answers = await Promise.all([
        plane.get(`/api/tenants/${id}`),
        plane.get('/api/tenants'),
        plane.get('/api/audit?limit=200'),
      ]);
      for (const { text } of answers) expect(text).not.toContain('the-password-of-acme');
    });

    it('is given to who may read secrets, and that is on record', async () => {
      const token = await plane.createApiKey(['secrets:read']);
      const before = await plane.count(AuditEvent, { action: 'tenant.db_url_read', targetId: id });
      const answer = await plane.get(`/api/tenants/${id}/db-url`, { token }).expect(200);
      expect(answer.body).toEqual({ db_url: MADE.db_url });
      expect(await plane.count(AuditEvent, { action: 'tenant.db_url_read', targetId: id })).toBe(before + 1);
    });

    it('is refused to everybody else, owners too', async () => {
      const path = `/api/tenants/${id}/db-url`;
      expect(refusal(await plane.get(path, { token: plane.session }))).toEqual([403, 'forbidden']);
      const admin = await plane.createApiKey(['tenants:read', 'tenants:write', 'secrets:write']);
      expect(refusal(await plane.get(path, { token: admin }))).toEqual([403, 'forbidden']);
      expect(refusal(await put(id, MADE, plane.session))).toEqual([403, 'forbidden']);
    });

    it('is 404 where there is none', async () => {
      const { tenant } = await provision();
      expect(refusal(await plane.get(`/api/tenants/${tenant.id}/db-url`))).toEqual([404, 'no_db_url']);
    });
  });

  it.each([
    ['a database that is none', { ...MADE, db_url: 'mysql://acme' }, 'db_url'],
    ['an endpoint that is no URL', { ...MADE, endpoint_url: 'acme' }, 'endpoint_url'],
    ['a missing database', { endpoint_url: MADE.endpoint_url }, 'db_url'],
    ['a field too many', { ...MADE, region: 'eu' }, 'region'],
  ])('refuses %s, and repeats no password', async (_, body, field) => {
    const { tenant } = await provision();
    const answer = await put(tenant.id, body).expect(400);
    expect(answer.body.errors).toContainEqual({ field, message: expect.any(String) });
    expect(answer.text).not.toContain('the-password-of-acme');
  });

  it('leaves no plane that could still enrol when it goes before its plane was told of it', async () => {
    const { tenant, job } = await provision();
    await waits(job.id, 1);
    const { install } = (await plane.post(`/api/tenants/${tenant.id}/provisioning-tokens`, {})).body;
    const [place] = await plane.rows(Placement, { tenantId: tenant.id });
    const { id, slug } = tenant;
    const going = await plane.post(`/api/tenants/${id}/deprovision`, { confirm_slug: slug }).expect(202);
    await eventually(async () => (await statesOf(going.body.job.id)).every((status) => status === 'done'));
    const theirs = new PlaneSimulator(plane.url, plane.clock, place?.tenantPlaneId ?? '', install);
    expect(refusal(await theirs.enrol())).toEqual([401, 'bad_signature']);
  });

  it('is recorded for dedicated tenants only', async () => {
    const { body } = await plane.provision({ deployment_model: 'on_prem' }).expect(202);
    expect(refusal(await put(body.tenant.id, MADE))).toEqual([409, 'not_dedicated']);
  });
});
