import { randomUUID } from 'node:crypto';
import { Database } from '@atlas/persistence';
import { type EnrolRequestFile, OFFLINE_ENROL_PATH, PLANE_PATHS } from '@atlas/plane-contract';
import { EVERY_DATABASE, eventually } from '@atlas/testing';
import { Operator } from '../../src/accounts/operator.entity';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { ProvisioningToken } from '../../src/enrolment/provisioning-token.entity';
import { Placement } from '../../src/registry/placement.entity';
import { lockPlane } from '../../src/registry/plane-lock';
import { TenantPlane } from '../../src/registry/tenant-plane.entity';
import { ServiceKey } from '../../src/service-keys/service-key.entity';
import { TestControlPlane } from '../control-plane.fixture';
import { HeldOperator } from '../held-operator.fixture';
import { JOBS } from '../job-scene.fixture';
import { type Install, PlaneSimulator, refusal } from '../plane-simulator.fixture';
import { readAnswer, requestFile } from '../request-file.fixture';

const DAY_SECONDS = 24 * 3600;

interface Ordered {
  readonly tenant: { readonly id: string; readonly slug: string; readonly tenant_plane_id: string };
  readonly job: { readonly id: string };
  readonly install: Install;
}

describe.each(EVERY_DATABASE)('enrolment of a plane by file on %s', (driver) => {
  let plane: TestControlPlane;
  let weakKey: string;
  beforeAll(async () => {
    plane = await TestControlPlane.boot(driver);
    weakKey = await plane.createApiKey(['planes:read', 'tokens:issue']);
  });
  afterAll(() => plane.close());

  const order = async (): Promise<Ordered> =>
    (await plane.provision({ deployment_model: 'on_prem' }).expect(202)).body;
  const simulator = ({ tenant, install }: Ordered): PlaneSimulator =>
    new PlaneSimulator(plane.url, plane.clock, tenant.tenant_plane_id, install);
  const upload = (file: EnrolRequestFile, token?: string) =>
    plane.post(OFFLINE_ENROL_PATH, file, token === undefined ? {} : { token });
  const isSpent = async ({ install }: Ordered): Promise<boolean> =>
    (await plane.rows(ProvisioningToken, { id: install.token_id }))[0]?.consumedAt !== null;
  const audited = (action: string, targetId: string) => plane.rows(AuditEvent, { action, targetId });

  it('returns everything that the plane needs, and activates its tenant without a report', async () => {
    const ordered = await order();
    const customers = simulator(ordered);
    const file = requestFile(customers, { endpoint_url: 'https://atlas.acme.example' });
    const { body } = await upload(file).expect(200);
    expect(readAnswer(customers, file, body)).toEqual({
      instance_id: customers.instanceId,
      tenant_plane_id: ordered.tenant.tenant_plane_id,
      deployment_model: 'on_prem',
      desired_state: expect.objectContaining({
        full: true,
        tenants: [
          expect.objectContaining({ tenant_id: ordered.tenant.id, status: 'active', phase: 'serving' }),
        ],
        config: {
          keys: {
            keys: ['signup', 'lease'].map((purpose): unknown => expect.objectContaining({ purpose })),
          },
          latest: '0.1.0',
        },
      }),
    });
    const job = async () => (await plane.get(`${JOBS}/${ordered.job.id}`)).body;
    await eventually(async () => (await job()).status === 'succeeded', { what: 'the job has succeeded' });
    const tenant = (await plane.get(`/api/tenants/${ordered.tenant.id}`)).body;
    expect(tenant).toMatchObject({ status: 'active', url: 'https://atlas.acme.example' });
  });

  it('leaves the same record and audit entry as an online enrolment', async () => {
    const ordered = await order();
    const customers = simulator(ordered);
    await upload(requestFile(customers)).expect(200);
    const [row] = await plane.rows(TenantPlane, { id: customers.id });
    expect(row).toMatchObject({
      status: 'enrolled',
      instanceId: customers.instanceId,
      version: '0.1.0',
      databaseDriver: 'sqlite',
      endpointUrl: 'https://cell.example.com',
    });
    expect(await audited('tenant_plane.enrolled', customers.id)).toMatchObject([
      { after: { instance_id: customers.instanceId }, actorKind: 'api_key' },
    ]);
    expect(await isSpent(ordered)).toBe(true);
    const { items } = (await plane.get('/api/tenant-planes')).body;
    expect(items.find(({ id }: { id: string }) => id === customers.id).health).toBe('unknown');
  });

  it('does nothing for an operator whose key is being revoked', async () => {
    const ordered = await order();
    const key = await plane.createApiKey(['planes:write']);
    await plane.get('/api/auth/me', { token: key }).expect(200);
    const [{ id } = { id: '' }] = await plane.rows(Operator, { email: 'owner@example.com' });
    await using held = await HeldOperator.hold(plane, id);
    const revoking = plane.delete(`/api/api-keys/${key.split('_')[1]}`).then(({ status }) => status);
    await held.untilWaiting(1);
    const late = upload(requestFile(simulator(ordered)), key).then(refusal);
    await held.untilWaiting(2);
    // The late upload must not lock the plane, because writes queued ahead of the revocation may need that
    // lock.
    if (driver === 'postgres')
      await plane.app.get(Database).write(async (manager) => {
        await manager.query(`set local lock_timeout = '100ms'`);
        await lockPlane(manager, ordered.tenant.tenant_plane_id);
      });
    await held.release();
    expect([await revoking, await late]).toEqual([204, [401, 'unauthenticated']]);
    expect(await isSpent(ordered)).toBe(false);
  });

  it('accepts the same file again at any time, and returns the current state', async () => {
    const ordered = await order();
    const customers = simulator(ordered);
    const file = requestFile(customers);
    await upload(file).expect(200);
    await eventually(async () => (await plane.get(`${JOBS}/${ordered.job.id}`)).body.status === 'succeeded');
    await plane.patch(`/api/tenants/${ordered.tenant.id}`, { name: 'Renamed' }).expect(200);
    plane.clock.advance(8 * DAY_SECONDS);
    const answer = readAnswer(customers, file, (await upload(file).expect(200)).body);
    expect(answer.desired_state.tenants).toMatchObject([{ name: 'Renamed' }]);
    expect(await audited('tenant_plane.enrolled', customers.id)).toHaveLength(1);
  });

  it('refuses a new file signed with a secret that another process has revoked', async () => {
    const ordered = await order();
    const customers = simulator(ordered);
    const before = requestFile(customers, { endpoint_url: 'https://atlas.acme.example' });
    for (let turn = 0; turn < 2; turn += 1) await upload(before).expect(200);
    await plane.change(ServiceKey, { tenantPlaneId: customers.id }, { revokedAt: plane.clock.now() });
    plane.clock.advance(1);
    const late = requestFile(customers, { endpoint_url: 'https://elsewhere.example' });
    expect(refusal(await upload(late))).toEqual([401, 'bad_signature']);
    const { url } = (await plane.get(`/api/tenants/${ordered.tenant.id}`)).body;
    expect(url).toBe('https://atlas.acme.example');
  });

  describe('with a changed address', () => {
    const [FIRST, SECOND, THIRD] = ['one', 'two', 'three'].map((name) => `https://${name}.acme.example`);
    const urlOf = async ({ tenant }: Ordered) => (await plane.get(`/api/tenants/${tenant.id}`)).body.url;
    /** Returns a request file created one second after the previous one. */
    const fileFrom = (customers: PlaneSimulator, endpoint_url: string | undefined): EnrolRequestFile => {
      plane.clock.advance(1);
      return requestFile(customers, { endpoint_url });
    };

    it('adopts the address in a newer request file, and records who uploaded the file', async () => {
      const ordered = await order();
      const customers = simulator(ordered);
      await upload(fileFrom(customers, FIRST)).expect(200);
      const newer = fileFrom(customers, SECOND);
      for (let turn = 0; turn < 2; turn += 1) await upload(newer).expect(200);
      expect(await urlOf(ordered)).toBe(SECOND);
      await eventually(
        async () => (await plane.get(`${JOBS}/${ordered.job.id}`)).body.status === 'succeeded',
      );
      const link = await plane.post(`/api/tenants/${ordered.tenant.id}/signup-link`, {}).expect(201);
      expect(link.body.url).toMatch(new RegExp(`^${SECOND}/signup#`));
      expect(await audited('tenant_plane.address_changed', customers.id)).toMatchObject([
        {
          actorKind: 'api_key',
          before: { endpoint_url: FIRST },
          after: { endpoint_url: SECOND, requested_at: plane.clock.now().toISOString() },
        },
      ]);
    });

    it('keeps the newer address if an older file is uploaded later or at the same time', async () => {
      const ordered = await order();
      const customers = simulator(ordered);
      const [first, second, third] = [FIRST, SECOND, THIRD].map((url) => fileFrom(customers, url));
      await upload(first as EnrolRequestFile).expect(200);
      await Promise.all([third, second].map((file) => upload(file as EnrolRequestFile).expect(200)));
      expect(await urlOf(ordered)).toBe(THIRD);
      await upload(first as EnrolRequestFile).expect(200);
      expect(await urlOf(ordered)).toBe(THIRD);
    });

    it("follows the plane's reports instead once the plane is online", async () => {
      const ordered = await order();
      const customers = simulator(ordered);
      await upload(fileFrom(customers, FIRST)).expect(200);
      await customers.report([], { endpoint_url: SECOND });
      await upload(fileFrom(customers, THIRD)).expect(200);
      expect(await urlOf(ordered)).toBe(SECOND);
    });
  });

  it('accepts a file that is days old as long as its token is valid', async () => {
    const body = { deployment_model: 'on_prem', token_ttl_seconds: 7 * DAY_SECONDS };
    const ordered: Ordered = (await plane.provision(body).expect(202)).body;
    const file = requestFile(simulator(ordered));
    plane.clock.advance(6 * DAY_SECONDS);
    await upload(file).expect(200);
  });

  it('lets a plane that comes online later make calls like any other', async () => {
    const ordered = await order();
    const customers = simulator(ordered);
    await upload(requestFile(customers)).expect(200);
    expect((await customers.pull()).status).toBe(200);
    await customers.report();
    const { items } = (await plane.get('/api/tenant-planes')).body;
    expect(items.find(({ id }: { id: string }) => id === customers.id).health).toBe('online');
  });

  describe('is not enough to move a tenant', () => {
    const move = (id: string, deployment_model: string, query = '') =>
      plane.post(`/api/tenants/${id}/move${query}`, { deployment_model });
    const reaches = (job: string, status: string) =>
      eventually(async () => (await plane.get(`${JOBS}/${job}`)).body.status === status, {
        what: `the job is ${status}`,
      });

    it('away from the plane, which cannot consent until it is online', async () => {
      const { tenant, ...ordered } = await order();
      const customers = simulator({ tenant, ...ordered });
      await upload(requestFile(customers)).expect(200);
      await reaches(ordered.job.id, 'succeeded');
      for (const query of ['?dry_run=true', ''])
        expect(refusal(await move(tenant.id, 'hybrid', query))).toEqual([422, 'tenant_plane_air_gapped']);
      await customers.report();
      expect((await move(tenant.id, 'hybrid')).status).toBe(202);
    });

    it('to the plane, which cannot fetch the data until it is online', async () => {
      const cell = await plane.enrolledCell();
      const { body } = await plane.provision().expect(202);
      await cell.serve(body.tenant.id);
      await reaches(body.job.id, 'succeeded');
      const { job, install } = (await move(body.tenant.id, 'on_prem').expect(202)).body;
      const coming = { tenantId: body.tenant.id, phase: 'importing' } as const;
      const [place] = await plane.rows(Placement, coming);
      const theirs = new PlaneSimulator(plane.url, plane.clock, place?.tenantPlaneId ?? '', install);
      await upload(requestFile(theirs)).expect(200);
      await reaches(job.id, 'failed');
      expect((await plane.get(`${JOBS}/${job.id}`)).body.error).toMatchObject({
        code: 'tenant_plane_air_gapped',
        class: 'operator',
        fix: expect.stringContaining('once the plane has reported, retry the job, or roll it back'),
      });
      await theirs.report();
      await plane.post(`${JOBS}/${job.id}/retry`).expect(202);
      await reaches(job.id, 'waiting');
    });
  });

  it('reveals no secret', async () => {
    const ordered = await order();
    const file = requestFile(simulator(ordered));
    const answer = await upload(file).expect(200);
    for (const text of [JSON.stringify(file), answer.text])
      for (const secret of [ordered.install.token, ordered.install.env['INTERNAL_SERVICE_SECRET'] ?? '-'])
        expect(text).not.toContain(secret);
  });

  describe('refuses', () => {
    it('a caller without planes:write', async () => {
      const file = requestFile(simulator(await order()));
      expect(refusal(await upload(file, weakKey))).toEqual([403, 'forbidden']);
    });

    it('another installation with the same bundle, and raises an alarm', async () => {
      const ordered = await order();
      await upload(requestFile(simulator(ordered))).expect(200);
      expect(refusal(await upload(requestFile(simulator(ordered))))).toEqual([409, 'token_already_used']);
      expect(await audited('provisioning_token.misused', ordered.install.token_id)).toHaveLength(1);
    });

    it('a token that has expired or was revoked', async () => {
      const [late, replaced] = [await order(), await order()];
      await plane.post(`/api/tenants/${replaced.tenant.id}/provisioning-tokens`, {}).expect(201);
      expect(refusal(await upload(requestFile(simulator(replaced))))).toEqual([410, 'token_revoked']);
      plane.clock.advance(DAY_SECONDS + 1);
      expect(refusal(await upload(requestFile(simulator(late))))).toEqual([410, 'token_expired']);
    });

    it.each([
      [{ version: '9.0.0' }, 'version_unsupported'],
      [{ deployment_model: 'hybrid' }, 'deployment_model_mismatch'],
    ])('a request with %j', async (changes, code) => {
      const ordered = await order();
      expect(refusal(await upload(requestFile(simulator(ordered), changes)))).toEqual([422, code]);
      expect(await isSpent(ordered)).toBe(false);
    });

    it('a file altered in transit, or created with another secret', async () => {
      const [ordered, other] = [await order(), await order()];
      const good = requestFile(simulator(ordered));
      const stolen = requestFile(simulator(other));
      const bad: EnrolRequestFile[] = [
        { ...good, body: good.body.replace('cell.example.com', 'evil.example.com') },
        { ...good, body: stolen.body },
        requestFile(simulator(ordered), { instance_id: randomUUID() }),
        requestFile(simulator({ ...ordered, install: { ...other.install, env: ordered.install.env } })),
        requestFile(simulator(ordered).copy({ secret: `ats_${'x'.repeat(62)}` })),
      ];
      for (const file of bad) expect(refusal(await upload(file))).toEqual([401, 'bad_signature']);
      expect([await isSpent(ordered), await isSpent(other)]).toEqual([false, false]);
      await upload(good).expect(200);
    });

    it('a signature created for an online call', async () => {
      const customers = simulator(await order());
      const file = requestFile(customers);
      const headers = customers.sign({ method: 'POST', path: PLANE_PATHS.enrol, text: file.body });
      const { signature } = headers;
      const asCall = {
        content_digest: headers['content-digest'],
        signature_input: headers['signature-input'],
        signature,
      };
      expect(refusal(await upload({ ...file, signature: asCall }))).toEqual([401, 'bad_signature']);
    });

    it.each([
      ['invalid JSON', '{'],
      ['text that no database can store', '{"token":"\\u0000"}'],
      ['JSON that is not an enrolment', '{"surprise":1}'],
    ])('%s in a signed file', async (_, body) => {
      const customers = simulator(await order());
      const file = requestFile(customers);
      const headers = customers.sign({ method: 'POST', path: OFFLINE_ENROL_PATH, text: body });
      const signature = {
        content_digest: headers['content-digest'],
        signature_input: headers['signature-input'],
        signature: headers.signature,
      };
      expect(refusal(await upload({ ...file, body, signature }))).toEqual([400, 'validation_failed']);
    });

    it.each([
      [{}, ['format', 'body', 'signature']],
      [{ format: 'atlas-enrol-request/1', body: '{}', signature: {} }, ['signature.content_digest']],
    ])('an incomplete file, and says how to create a complete one: %j', async (part, missing) => {
      const { body } = await upload(part as EnrolRequestFile);
      expect(body.code).toBe('validation_failed');
      for (const field of missing)
        expect(body.errors.filter((error: { field: string }) => error.field === field)).toEqual([
          { field, message: expect.stringContaining('atlas-tp enrol --offline --request <file>') },
        ]);
    });

    it('a hybrid plane, without consuming its token, and says what to do instead', async () => {
      const ordered: Ordered = (await plane.provision({ deployment_model: 'hybrid' }).expect(202)).body;
      const answer = await upload(requestFile(simulator(ordered), { deployment_model: 'hybrid' }));
      expect(refusal(answer)).toEqual([422, 'offline_enrolment_unavailable']);
      expect(answer.body.detail).toMatch(/hybrid.*enrol online.*on_prem/);
      expect(await isSpent(ordered)).toBe(false);
      expect((await simulator(ordered).enrol()).status).toBe(200);
    });

    it('a cell, which Atlas runs, without consuming its token', async () => {
      const cell = await plane.registerCell();
      expect(refusal(await upload(requestFile(cell)))).toEqual([422, 'offline_enrolment_unavailable']);
      expect(await plane.rows(TenantPlane, { id: cell.id })).toMatchObject([{ status: 'expected' }]);
    });
  });
});
