import { randomUUID } from 'node:crypto';
import { Database } from '@atlas/persistence';
import { NO_INSTANCE } from '@atlas/plane-contract';
import { mintCredential } from '@atlas/service-auth';
import { EVERY_DATABASE, eventually } from '@atlas/testing';
import { IsNull } from 'typeorm';
import { Audit } from '../../src/audit/audit';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { ProvisioningToken } from '../../src/enrolment/provisioning-token.entity';
import { ProvisioningTokens } from '../../src/enrolment/provisioning-tokens';
import { SingleTenantPlanes } from '../../src/enrolment/single-tenant-planes';
import { lockPlaneAndCalls } from '../../src/registry/plane-lock';
import { TenantPlane } from '../../src/registry/tenant-plane.entity';
import { ServiceKeys } from '../../src/service-keys/service-keys';
import { TestControlPlane } from '../control-plane.fixture';
import { Gate, HeldRow, lockWaits } from '../held-operator.fixture';
import { type PlaneSimulator, refusal } from '../plane-simulator.fixture';

const PLATFORM_SECRET = 'one secret for all cells that Atlas runs';

describe.each(EVERY_DATABASE)('tenant plane enrolment on %s', (driver) => {
  let plane: TestControlPlane;
  beforeAll(async () => {
    plane = await TestControlPlane.boot(driver, { INTERNAL_SERVICE_SECRET: PLATFORM_SECRET });
  });
  afterAll(() => plane.close());

  const tokenOf = async (cell: PlaneSimulator): Promise<ProvisioningToken | undefined> =>
    (await plane.rows(ProvisioningToken, { id: cell.install.token_id }))[0];
  const isSpent = async (cell: PlaneSimulator): Promise<boolean> =>
    (await tokenOf(cell))?.consumedAt !== null;
  const alarms = (cell: PlaneSimulator): Promise<AuditEvent[]> =>
    plane.rows(AuditEvent, { action: 'provisioning_token.misused', targetId: cell.install.token_id });

  it('issues a bundle that a tenant plane can start with', async () => {
    const { install } = await plane.registerCell();
    expect(install).toEqual({
      token: expect.stringMatching(/^atp_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/),
      token_id: install.token.split('_')[1],
      expires_at: new Date(plane.clock.now().getTime() + 24 * 3_600_000).toISOString(),
      env: {
        ATLAS_TP_DEPLOYMENT: 'shared',
        CONTROL_PLANE_BASE_URL: 'http://127.0.0.1:4100',
        INTERNAL_SERVICE_SECRET: expect.stringMatching(/^ats_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/),
        ATLAS_PROVISIONING_TOKEN: install.token,
        TENANT_PLANE_DATABASE_URL: expect.stringMatching(/^#/),
      },
      commands: { docker: expect.any(String), npx: expect.any(String) },
    });
  });

  it('returns the id and desired state of the plane in a signed response', async () => {
    const cell = await plane.registerCell();
    const answer = await cell.enrol();
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      tenant_plane_id: cell.id,
      deployment_model: 'shared',
      desired_state: {
        revision: expect.stringMatching(/^[0-9a-f]+\.0$/),
        full: true,
        tenants: [],
        removed: [],
        config: {
          keys: {
            keys: ['signup', 'lease'].map((purpose): unknown =>
              expect.objectContaining({ purpose, kty: 'OKP', alg: 'EdDSA' }),
            ),
          },
          latest: '0.1.0',
        },
      },
    });
    expect(answer.verify()).toEqual({ created: plane.clock.now().getTime() / 1000 });
    expect(answer.text).not.toContain('"d":');
    const [row] = await plane.rows(TenantPlane, { id: cell.id });
    expect(row).toMatchObject({ status: 'enrolled', instanceId: cell.instanceId, databaseDriver: 'sqlite' });
  });

  it('gives the same instance the same response again, even once the token has expired', async () => {
    const cell = await plane.registerCell();
    const first = await cell.enrol();
    const repeats = await Promise.all(Array.from({ length: 20 }, () => cell.enrol()));
    plane.clock.advance(25 * 3600);
    for (const answer of [...repeats, await cell.enrol()]) {
      expect([answer.status, answer.text]).toEqual([200, first.text]);
      answer.verify();
    }
    expect(await alarms(cell)).toHaveLength(0);
    expect(await plane.count(AuditEvent, { action: 'tenant_plane.enrolled', targetId: cell.id })).toBe(1);
  });

  it("refuses a repeated call that waited while the plane's keys were revoked", async () => {
    const cell = await plane.enrolledCell();
    await using held = await HeldRow.by(plane, async (manager) => {
      await lockPlaneAndCalls(manager, cell.id);
      await plane.app.get(ServiceKeys).revokeAll(manager, cell.id);
    });
    const again = cell.enrol();
    await held.untilWaiting(1);
    await held.release();
    expect(refusal(await again)).toEqual([401, 'bad_signature']);
  });

  it('refuses another instance, and raises an alarm for each attempt', async () => {
    const cell = await plane.enrolledCell();
    for (const attempt of [1, 2]) {
      expect(refusal(await cell.copy().enrol())).toEqual([409, 'token_already_used']);
      expect(await alarms(cell)).toHaveLength(attempt);
    }
    expect((await plane.rows(TenantPlane, { id: cell.id }))[0]?.instanceId).toBe(cell.instanceId);
  });

  describe('alarms', () => {
    const kindsOf = async (cell: PlaneSimulator): Promise<unknown[]> =>
      (await alarms(cell)).map(({ after }) => after?.['kind']);

    it('are raised for each use of a spent token', async () => {
      const cell = await plane.enrolledCell();
      const copy = cell.copy();
      await copy.enrol();
      await copy.enrol();
      expect(await kindsOf(cell)).toEqual(['spent', 'spent']);
      expect((await alarms(cell))[0]).toMatchObject({
        after: { instance_id: copy.instanceId, consumed_by: cell.instanceId, tenant_plane_id: cell.id },
        ip: '127.0.0.1',
      });
    });

    it('are raised for each use of a revoked token', async () => {
      const cell = await plane.registerCell();
      await plane.reissue(cell);
      await cell.enrol();
      expect(await kindsOf(cell)).toEqual(['revoked']);
    });

    it('are raised for each use of an expired token', async () => {
      const cell = await plane.registerCell({ token_ttl_seconds: 60 });
      plane.clock.advance(61);
      await cell.enrol();
      expect(await kindsOf(cell)).toEqual(['expired']);
    });

    it("are raised for each use of a token with another bundle's secret or a forged value", async () => {
      const [cell, other] = [await plane.registerCell(), await plane.registerCell()];
      await cell.copy({ secret: other.secret }).enrol();
      await cell.enrol({ token: mintCredential('atp', { id: cell.install.token_id }).value.reveal() });
      expect([await kindsOf(cell), await kindsOf(other)]).toEqual([['foreign', 'foreign'], []]);
    });

    it('are not raised when an unsupported plane uses a valid token', async () => {
      const cell = await plane.registerCell();
      await cell.enrol({ version: '9.0.0' });
      expect(await kindsOf(cell)).toEqual([]);
    });

    it('are counted in the metrics', async () => {
      const { text } = await plane.get('/metrics', { token: null });
      for (const kind of ['spent', 'revoked', 'expired', 'foreign'])
        expect(text).toMatch(new RegExp(`^atlas_token_misuses_total\\{kind="${kind}"\\} [1-9]`, 'm'));
    });
  });

  it('records at most ten alarms per token per hour, but counts all of them', async () => {
    const spent = async (): Promise<number> =>
      Number(
        /misuses_total\{kind="spent"\} (\d+)/.exec((await plane.get('/metrics', { token: null })).text)?.[1],
      );
    const cell = await plane.enrolledCell();
    const [copy, before] = [cell.copy(), await spent()];
    for (let i = 0; i < 12; i += 1) expect(refusal(await copy.enrol())).toEqual([409, 'token_already_used']);
    expect([(await alarms(cell)).length, (await spent()) - before]).toEqual([10, 12]);
    plane.clock.advance(3600);
    await copy.enrol();
    expect(await alarms(cell)).toHaveLength(11);
  });

  it('refuses the old token once a new token is issued', async () => {
    const old = await plane.registerCell({ secret: 'platform' });
    const current = await plane.reissue(old);
    expect(refusal(await old.enrol())).toEqual([410, 'token_revoked']);
    expect((await current.enrol()).status).toBe(200);
  });

  it('says that a replaced bundle was revoked, even after the new bundle has been used', async () => {
    const old = await plane.registerCell();
    const current = await plane.reissue(old);
    expect(refusal(await old.enrol())).toEqual([410, 'token_revoked']);
    expect((await current.enrol()).status).toBe(200);
    expect(refusal(await old.enrol())).toEqual([410, 'token_revoked']);
  });

  describe('for a retired plane', () => {
    const retire = async (cell: PlaneSimulator): Promise<void> => {
      const [row] = await plane.rows(TenantPlane, { id: cell.id });
      const planes = plane.app.get(SingleTenantPlanes);
      const own = { ...row, deploymentModel: 'on_prem' } as TenantPlane;
      await plane.app.get(Database).write((manager) => planes.retire(manager, randomUUID(), own));
    };
    const issue = ({ id }: PlaneSimulator) => plane.post(`/api/tenant-planes/${id}/provisioning-tokens`, {});
    const live = ({ id: tenantPlaneId }: PlaneSimulator) =>
      plane.count(ProvisioningToken, { tenantPlaneId, revokedAt: IsNull(), consumedAt: IsNull() });
    const waitsForALock = async () =>
      driver === 'sqlite' ||
      (await eventually(async () => (await lockWaits(plane.app.get(Database))) > 0, { everyMs: 5 }));

    it('issues no install bundle', async () => {
      const cell = await plane.registerCell();
      await retire(cell);
      const answer = await issue(cell);
      expect(refusal(answer)).toEqual([409, 'tenant_plane_retired']);
      expect(answer.body.detail).toContain('is retired');
      expect(refusal(await cell.enrol())).toEqual([401, 'bad_signature']);
    });

    it('issues no install bundle to a request that waited for the retirement', async () => {
      const cell = await plane.registerCell();
      await using held = await HeldRow.hold(plane, TenantPlane, cell.id, { status: 'retired' });
      const answer = issue(cell).then();
      await held.untilWaiting(1);
      await held.release();
      expect(refusal(await answer)).toEqual([409, 'tenant_plane_retired']);
    });

    it('revokes an install bundle that was being issued during the retirement', async () => {
      const cell = await plane.registerCell();
      await plane.change(ProvisioningToken, { id: cell.install.token_id }, { revokedAt: plane.clock.now() });
      const [reached, free] = [new Gate(), new Gate()];
      const audit = plane.app.get(Audit);
      const record = audit.record.bind(audit);
      const issuing = jest.spyOn(audit, 'record').mockImplementation(async (manager, entry) => {
        if (entry.action === 'provisioning_token.issued') {
          reached.open();
          await free.opened;
        }
        await record(manager, entry);
      });
      const answer = issue(cell).then();
      await reached.opened;
      issuing.mockRestore();
      let isRetired = false;
      const retired = retire(cell).then(() => (isRetired = true));
      await Promise.race([waitsForALock(), retired]);
      free.open();
      expect((await answer).status).toBe(201);
      await retired;
      expect([isRetired, await live(cell)]).toEqual([true, 0]);
    });
  });

  it('returns a bundle to each of several concurrent requests, but keeps only one bundle valid', async () => {
    const { id } = await plane.registerCell();
    const path = `/api/tenant-planes/${id}/provisioning-tokens`;
    const answers = await Promise.all([1, 2, 3].map(() => plane.post(path, {})));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    const isLive = { tenantPlaneId: id, revokedAt: IsNull() };
    expect(await plane.count(ProvisioningToken, isLive)).toBe(1);
  });

  it('refuses calls signed with a bundle that was replaced before use', async () => {
    const leaked = await plane.registerCell();
    const current = await plane.reissue(leaked);
    for (const answer of [await leaked.pull(0, 'x.1'), await leaked.report()])
      expect([401, 403]).toContain(answer.status);
    expect((await current.enrol()).status).toBe(200);
    for (const answer of [await leaked.pull(0, 'x.1'), await leaked.report()])
      expect([401, 403]).toContain(answer.status);
    expect((await current.pull()).status).toBe(204);
  });

  it("revokes the previous instance's key once another instance enrols with a newer bundle", async () => {
    const before = await plane.enrolledCell();
    const after = await plane.reissue(before);
    expect((await before.pull()).status).toBe(204);
    expect((await after.enrol()).status).toBe(200);
    expect(refusal(await before.pull())).toEqual([401, 'bad_signature']);
  });

  it.each([0, 3600])(
    'keeps the secret of the last enrolment, even if a clock was set back by %d s before that enrolment',
    async (seconds) => {
      const before = await plane.enrolledCell();
      const after = await plane.reissue(before);
      plane.clock.jump(-seconds);
      expect((await after.enrol()).status).toBe(200);
      plane.clock.jump(seconds);
      const env = await plane.app.get(Database).read(async (manager) => {
        const row = await manager.findOneByOrFail(TenantPlane, { id: before.id });
        return plane.app.get(ProvisioningTokens).environmentOf(manager, row);
      });
      expect(env).toMatchObject({ INTERNAL_SERVICE_SECRET: after.secret });
      expect(env).not.toHaveProperty('INTERNAL_SERVICE_SECRET_PREVIOUS');
    },
  );

  it('refuses a token from the moment it expires', async () => {
    const cell = await plane.registerCell({ token_ttl_seconds: 60 });
    const late = await plane.registerCell({ token_ttl_seconds: 60 });
    plane.clock.advance(59);
    expect((await cell.enrol()).status).toBe(200);
    plane.clock.advance(1);
    expect(refusal(await late.enrol())).toEqual([410, 'token_expired']);
    expect(await isSpent(late)).toBe(false);
  });

  it.each(['1.0.0', '0.1.1', '0.2.0', 'latest'])('refuses version %s', async (version) => {
    const cell = await plane.registerCell();
    expect(refusal(await cell.enrol({ version }))).toEqual([422, 'version_unsupported']);
    expect(await isSpent(cell)).toBe(false);
  });

  it('refuses a plane that is set up for a different deployment model', async () => {
    const cell = await plane.registerCell();
    const answer = await cell.enrol({ deployment_model: 'on_prem' });
    expect(refusal(answer)).toEqual([422, 'deployment_model_mismatch']);
    expect(await isSpent(cell)).toBe(false);
    expect((await cell.enrol({ deployment_model: 'shared' })).status).toBe(200);
  });

  it('gives only the first of several reasons for a refusal, in the documented order', async () => {
    const wrong = { version: '9.0.0', deployment_model: 'on_prem' };
    const used = await plane.enrolledCell();
    await plane.reissue(used);
    const revoked = await plane.registerCell({ token_ttl_seconds: 60, secret: 'platform' });
    await plane.reissue(revoked);
    const expired = await plane.registerCell({ token_ttl_seconds: 60 });
    plane.clock.advance(61);
    expect(refusal(await used.copy().enrol(wrong))).toEqual([409, 'token_already_used']);
    expect(refusal(await revoked.enrol(wrong))).toEqual([410, 'token_revoked']);
    expect(refusal(await expired.enrol(wrong))).toEqual([410, 'token_expired']);
    const fresh = await plane.registerCell();
    expect(refusal(await fresh.enrol(wrong))).toEqual([422, 'version_unsupported']);
    expect(refusal(await used.copy({ secret: fresh.secret }).enrol(wrong))).toEqual([401, 'bad_signature']);
  });

  it("refuses a token sent with another bundle's secret, and consumes neither token", async () => {
    const [one, other] = [await plane.registerCell(), await plane.registerCell()];
    expect(refusal(await one.copy({ secret: other.secret }).enrol())).toEqual([401, 'bad_signature']);
    expect([await isSpent(one), await isSpent(other)]).toEqual([false, false]);
    expect([(await one.enrol()).status, (await other.enrol()).status]).toEqual([200, 200]);
  });

  it.each([
    ['text that is not a token', 'not a token'],
    ['a token that was never issued', mintCredential('atp').value.reveal()],
    ['a service secret', mintCredential('ats').value.reveal()],
  ])('refuses %s', async (_, token) => {
    const cell = await plane.registerCell();
    expect(refusal(await cell.enrol({ token }))).toEqual([401, 'bad_signature']);
  });

  it('refuses the id of one token with the secret of another', async () => {
    const cell = await plane.registerCell();
    const { value } = mintCredential('atp', { id: cell.install.token_id });
    expect(refusal(await cell.enrol({ token: value }))).toEqual([401, 'bad_signature']);
    expect(await isSpent(cell)).toBe(false);
  });

  it('refuses the token and the secret of a bundle as API credentials', async () => {
    const { install } = await plane.registerCell();
    for (const token of [install.token, install.env['INTERNAL_SERVICE_SECRET']]) {
      expect((await plane.get('/api/tenants', { token })).status).toBe(401);
    }
  });

  it.each([
    ['instance_id', 'no-uuid'],
    ['instance_id', NO_INSTANCE],
    ['version', 7],
    ['database', { driver: 'oracle' }],
    ['database', undefined],
    ['database', null],
    ['database', 'sqlite'],
    ['capabilities', 'many'],
    ['capabilities', Array.from({ length: 21 }, () => 'report')],
    ['public_key', undefined],
    ['public_key', { kty: 'OKP', x: 'x'.repeat(1000) }],
    ['endpoint_url', `https://cell.example.com/${'a'.repeat(500)}`],
    ['endpoint_url', 'ftp://cell.example.com'],
    ['surplus', 1],
  ])('refuses a body with an invalid %s', async (field, value) => {
    const cell = await plane.registerCell();
    expect(refusal(await cell.enrol({ [field]: value }))).toEqual([400, 'validation_failed']);
    expect(await isSpent(cell)).toBe(false);
  });

  describe('in a dry run', () => {
    it('returns the signed response in advance, without consuming the token', async () => {
      const cell = await plane.registerCell();
      const rehearsal = await cell.enrol({}, '?dry_run=true');
      rehearsal.verify();
      expect([
        await isSpent(cell),
        await plane.count(TenantPlane, { id: cell.id, status: 'expected' }),
      ]).toEqual([false, 1]);
      const real = await cell.copy().enrol();
      expect([rehearsal.status, rehearsal.text]).toEqual([200, real.text]);
    });

    it('refuses what a real enrolment would refuse, without raising an alarm', async () => {
      const cell = await plane.enrolledCell();
      expect(refusal(await cell.copy().enrol({}, '?dry_run=true'))).toEqual([409, 'token_already_used']);
      expect(await alarms(cell)).toHaveLength(0);
      const fresh = await plane.registerCell();
      const answer = await fresh.enrol({ version: '2.0.0' }, '?dry_run=true');
      expect(refusal(answer)).toEqual([422, 'version_unsupported']);
    });
  });

  it.each([
    ['revoked', () => ({ revokedAt: plane.clock.now() }), 'token_revoked'],
    ['expired', () => ({ expiresAt: plane.clock.now() }), 'token_expired'],
  ])('refuses a token that is %s between its check and its use', async (_, late, code) => {
    const cell = await plane.registerCell();
    const tokens = plane.app.get(ProvisioningTokens);
    const redeem = tokens.redeem.bind(tokens);
    jest.spyOn(tokens, 'redeem').mockImplementationOnce(async (manager, token, instanceId) => {
      await manager.update(ProvisioningToken, { id: token.id }, late());
      return redeem(manager, token, instanceId);
    });
    expect(refusal(await cell.enrol())).toEqual([410, code]);
    expect(await plane.rows(TenantPlane, { id: cell.id })).toMatchObject([{ status: 'expected' }]);
  });

  it('admits exactly one of 200 instances that redeem a token at the same time', async () => {
    const cell = await plane.registerCell();
    const answers = await Promise.all(Array.from({ length: 200 }, () => cell.copy().enrol()));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array.from({ length: 199 }, () => 409)]);
    expect(await alarms(cell)).toHaveLength(10);
  });

  it('treats 50 concurrent calls from one instance as one enrolment', async () => {
    const cell = await plane.registerCell();
    const instance_id = randomUUID();
    const answers = await Promise.all(Array.from({ length: 50 }, () => cell.enrol({ instance_id })));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(200);
    expect(await plane.count(AuditEvent, { action: 'tenant_plane.enrolled', targetId: cell.id })).toBe(1);
  });

  describe('with the platform secret', () => {
    it('puts that secret into the bundle, and accepts it', async () => {
      const cell = await plane.registerCell({ secret: 'platform' });
      expect(cell.secret).toBe(PLATFORM_SECRET);
      const answer = await cell.enrol();
      answer.verify();
      expect(answer.status).toBe(200);
    });

    it('refuses a different secret, without consuming the token', async () => {
      const cell = await plane.registerCell({ secret: 'platform' });
      const unequal = await cell.copy({ secret: `${PLATFORM_SECRET}!` }).enrol();
      expect(refusal(unequal)).toEqual([401, 'bad_signature']);
      expect(await isSpent(cell)).toBe(false);
      expect((await cell.enrol()).status).toBe(200);
    });

    it('refuses the platform secret for a bundle that has its own secret', async () => {
      const cell = await plane.registerCell();
      const answer = await cell.copy({ secret: PLATFORM_SECRET }).enrol();
      expect(refusal(answer)).toEqual([401, 'bad_signature']);
      expect(await isSpent(cell)).toBe(false);
    });

    it("refuses another bundle's own secret for a platform bundle", async () => {
      const [own, platform] = [await plane.registerCell(), await plane.registerCell({ secret: 'platform' })];
      expect(refusal(await platform.copy({ secret: own.secret }).enrol())).toEqual([401, 'bad_signature']);
      expect(await isSpent(platform)).toBe(false);
    });
  });
});

describe.each(EVERY_DATABASE)('a platform secret in the format of generated secrets on %s', (driver) => {
  it('is accepted like any other', async () => {
    const INTERNAL_SERVICE_SECRET = mintCredential('ats').value.reveal();
    const plane = await TestControlPlane.boot(driver, { INTERNAL_SERVICE_SECRET });
    const cell = await plane.enrolledCell({ secret: 'platform' });
    const answer = await cell.pull();
    await plane.close();
    expect(answer.status).toBe(204);
  });
});

describe.each(EVERY_DATABASE)('a Control Plane without a platform secret on %s', (driver) => {
  let plane: TestControlPlane;
  beforeAll(async () => (plane = await TestControlPlane.boot(driver)));
  afterAll(() => plane.close());

  it('registers no cell that needs a platform secret', async () => {
    const body = { name: 'p', region: 'eu', capacity: 1, secret: 'platform' };
    const answer = await plane.post('/api/tenant-planes', body);
    expect(refusal(answer)).toEqual([422, 'platform_secret_not_configured']);
    expect(await plane.count(TenantPlane)).toBe(0);
  });
});
