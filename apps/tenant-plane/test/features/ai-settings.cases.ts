import { type DesiredTenant } from '@atlas/plane-contract';
import { CommitFaults, EVERY_DATABASE } from '@atlas/testing';
import { AiEndpoint } from '../../src/ai/ai-endpoint.entity';
import { Audit } from '../../src/audit/audit';
import { User } from '../../src/credentials/user.entity';
import { OutboundCalls } from '../../src/egress/outbound-calls';
import { IdempotencyRecord } from '../../src/idempotency/idempotency-record.entity';
import { Pause } from '../pause.fixture';
import { type CallOptions, TestTenantPlane } from '../tenant-plane.fixture';

const KEY = 'sk-canary-of-the-settings';
const ENDPOINT = { base_url: 'https://93.184.216.34/v1', model: 'own-1', api_key: KEY };
const CHANGE = { allow_control_plane: false, features: { analysis: 'deny' }, own_endpoint: ENDPOINT };
const UNCHANGED = {
  allow_control_plane: true,
  features: { analysis: 'allow', runbook_draft: 'allow' },
  own_endpoint: null,
};
const CHANGED = {
  allow_control_plane: false,
  features: { analysis: 'deny', runbook_draft: 'allow' },
  own_endpoint: { base_url: ENDPOINT.base_url, model: 'own-1', has_api_key: true },
};

describe.each(EVERY_DATABASE)('a change of the AI settings on %s', (driver) => {
  let faults: CommitFaults;
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let admin: CallOptions;
  let count = 0;

  beforeAll(async () => {
    faults = await CommitFaults.start();
    plane = await TestTenantPlane.boot(driver, { through: (url) => faults.through(url) });
  });
  afterAll(async () => {
    await plane.close();
    await faults.stop();
  });
  beforeEach(async () => ({ tenant, admin } = await plane.tenantWithAdmin(`settings-${(count += 1)}`)));

  const put = (change: object = CHANGE, as = admin) => plane.put('/api/ai/settings', change, as);
  const shown = async () => (await plane.get('/api/ai/settings', admin).expect(200)).body;
  const events = () => plane.audit(tenant, 'ai.settings_changed');

  it('keeps what another has changed at the same time', async () => {
    const { own_endpoint, ...switches } = CHANGE;
    const answers = await Promise.all([put({ own_endpoint }), put(switches)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(await shown()).toMatchObject(CHANGED);
    expect(await events()).toHaveLength(2);
  });

  it('happens once if COMMITs fail and it is repeated until it is answered', async () => {
    faults.begin();
    const statuses: number[] = [];
    while (statuses.at(-1) !== 200) statuses.push((await put()).status);
    faults.end();
    expect(faults.count).toBeGreaterThan(0);
    expect(await shown()).toMatchObject(CHANGED);
    expect(await events()).toHaveLength(1);
  });

  it('happens once if its answer is lost and it is sent again, with the same key', async () => {
    const first = (await put().expect(200)).body;
    expect((await put().expect(200)).body).toEqual(first);
    expect(await events()).toHaveLength(1);
    await put({ own_endpoint: { ...ENDPOINT, api_key: 'another' } }).expect(200);
    expect(await events()).toHaveLength(2);
  });

  it('does not happen at all if it fails at its end', async () => {
    jest.spyOn(plane.app.get(Audit), 'record').mockRejectedValueOnce(new Error('The process dies here.'));
    await put().expect(500);
    expect([await shown(), await events(), await plane.rows(tenant, AiEndpoint)]).toEqual([
      UNCHANGED,
      [],
      [],
    ]);
  });

  it('does not happen if the admin is deactivated meanwhile', async () => {
    const { id, session } = await plane.user(tenant, 'admin');
    const pause = Pause.behind(plane.app.get(OutboundCalls), 'requireAllowed');
    const answer = put(CHANGE, { ...admin, session }).then(({ status }) => status);
    await pause.reached;
    await plane.tenants.write(tenant.tenant_id, (scope) =>
      scope.update(User, { id }, { deactivatedAt: plane.now }),
    );
    pause.release();
    expect(await answer).toBe(401);
    expect([await shown(), await events()]).toEqual([UNCHANGED, []]);
  });

  it('keeps its key out of answers, the audit trail and the idempotency store', async () => {
    const as = { ...admin, headers: { 'idempotency-key': `settings-${count}` } };
    const answers = [
      await put(CHANGE, as),
      await put(CHANGE, as),
      await put({ own_endpoint: { ...ENDPOINT, use: KEY } }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 400]);
    const stored = [
      await plane.rows(tenant, IdempotencyRecord),
      await plane.rows(tenant, AiEndpoint),
      await events(),
    ];
    for (const text of [...answers.map((one) => one.text), JSON.stringify([stored, await shown()])])
      expect(text).not.toContain(KEY);
  });
});
