import { EVERY_DATABASE } from '@atlas/testing';
import { AuditChainLink } from '../../src/audit/audit-chain-link.entity';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { AuditSealer, linkHash } from '../../src/audit/audit-sealer';
import { OperatorSession } from '../../src/accounts/operator-session.entity';
import { PASSWORD, TestControlPlane } from '../control-plane.fixture';
import { refusal } from '../plane-simulator.fixture';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const headers = { traceparent: `00-${TRACE}-b7ad6b7169203331-01` };

describe.each(EVERY_DATABASE)('the audit trail on %s', (driver) => {
  let plane: TestControlPlane;
  beforeAll(async () => {
    plane = await TestControlPlane.boot(driver);
    await plane.enrolledCell();
  });
  afterAll(() => plane.close());

  const apiKeyId = () => plane.apiKey.split('_')[1];
  const event = async (action: string, targetId: string): Promise<AuditEvent | undefined> => {
    const rows = await plane.rows(AuditEvent, { action, targetId });
    expect(rows).toHaveLength(1);
    return rows[0];
  };

  it('says who provisioned which tenant, from where', async () => {
    const { body } = await plane.provision({}, { headers });
    expect(await event('tenant.provision', body.tenant.id)).toMatchObject({
      at: plane.clock.now(),
      actorKind: 'api_key',
      actorId: apiKeyId(),
      targetKind: 'tenant',
      before: null,
      after: { slug: body.tenant.slug, deployment_model: 'shared', plan: 'core', job_id: body.job.id },
      ip: '127.0.0.1',
      traceId: TRACE,
    });
  });

  it('says who issued and who revoked a token, without the token', async () => {
    const cell = await plane.registerCell();
    const path = `/api/tenant-planes/${cell.id}/provisioning-tokens`;
    const { body } = await plane.post(path, {}, { token: plane.session, headers });
    const by = { actorKind: 'operator', ip: '127.0.0.1', traceId: TRACE };
    expect(await event('provisioning_token.issued', body.install.token_id)).toMatchObject(by);
    expect(await event('provisioning_token.revoked', cell.install.token_id)).toMatchObject(by);
    const all = JSON.stringify(await plane.rows(AuditEvent));
    for (const secret of [
      body.install.token,
      body.install.env.INTERNAL_SERVICE_SECRET,
      plane.apiKey,
      PASSWORD,
    ]) {
      expect(all).not.toContain(secret);
    }
  });

  it('says which plane enrolled, and who tried to with a used token', async () => {
    const cell = await plane.enrolledCell();
    const copy = cell.copy();
    await copy.enrol();
    expect(await event('tenant_plane.enrolled', cell.id)).toMatchObject({
      actorKind: 'tenant_plane',
      actorId: cell.id,
      after: { instance_id: cell.instanceId, version: '0.1.0', endpoint_url: 'https://cell.example.com' },
      ip: '127.0.0.1',
    });
    const alarm = await event('provisioning_token.misused', cell.install.token_id);
    expect(alarm?.ip).toBe('127.0.0.1');
    expect(JSON.stringify(alarm?.after)).toContain(copy.instanceId);
  });

  it('says that an operator signed in, from where', async () => {
    const body = { email: 'owner@example.com', password: PASSWORD };
    const answer = await plane.post('/api/auth/login', body, { token: null, headers });
    const [session] = await plane.rows(OperatorSession, { id: answer.body.token.split('_')[1] });
    const rows = await plane.rows(AuditEvent, { action: 'operator.signed_in', traceId: TRACE });
    const by = { actorKind: 'operator', actorId: session?.operatorId, ip: '127.0.0.1' };
    expect(rows).toEqual([expect.objectContaining({ ...by, targetId: session?.operatorId })]);
  });

  it('says what was done to a job, and how it ended', async () => {
    const { body } = await plane.provision();
    await plane.post(`/api/provisioning-jobs/${body.job.id}/cancel`).expect(202);
    expect(await event('job.cancelled', body.job.id)).toMatchObject({
      actorKind: 'api_key',
      actorId: apiKeyId(),
    });
  });

  it('says nothing of what was refused and rolled back', async () => {
    const before = await plane.count(AuditEvent);
    await plane.provision({ slug: 'admin' });
    await plane.provision({ region: 'nowhere' });
    expect(await plane.count(AuditEvent)).toBe(before);
  });

  it('is listed newest first, in pages, by action', async () => {
    const { body: one } = await plane.get('/api/audit?limit=2');
    const { body: two } = await plane.get(`/api/audit?limit=2&cursor=${one.next_cursor}`);
    const ids: string[] = [...one.items, ...two.items].map((item: { id: string }) => item.id);
    expect(ids).toEqual([...new Set(ids)].sort().reverse());
    const { body: narrowed } = await plane.get('/api/audit?action=tenant_plane.enrolled');
    expect(new Set(narrowed.items.map((item: { action: string }) => item.action))).toEqual(
      new Set(['tenant_plane.enrolled']),
    );
    expect(narrowed.items[0].actor.kind).toBe('tenant_plane');
    for (const query of ['cursor=x', 'limit=0', 'colour=red']) {
      expect(refusal(await plane.get(`/api/audit?${query}`))).toEqual([400, 'validation_failed']);
    }
    expect([200, 400]).toContain((await plane.get('/api/audit?action=a%00b')).status);
  });

  describe('sealed', () => {
    const sealer = () => plane.app.get(AuditSealer);
    /** The first position whose hash does not follow from its row and the link before; null when all do. */
    const broken = async (): Promise<number | null> => {
      const events = new Map((await plane.rows(AuditEvent)).map((row) => [row.id, row]));
      const links = (await plane.rows(AuditChainLink)).sort((a, b) => a.position - b.position);
      let previous = '0'.repeat(64);
      for (const [index, link] of links.entries()) {
        const row = events.get(link.auditId);
        const isRight = row && link.position === index + 1 && link.hash === linkHash(previous, row);
        if (!isRight) return link.position;
        previous = link.hash;
      }
      return null;
    };

    it('links every row once, however many seal at the same time', async () => {
      await Promise.all([sealer().seal(), sealer().seal(), sealer().seal()]);
      await plane.provision();
      await plane.sweep();
      await sealer().seal();
      const ids = (await plane.rows(AuditEvent)).map((row) => row.id).sort();
      expect((await plane.rows(AuditChainLink)).map((link) => link.auditId).sort()).toEqual(ids);
      expect(await sealer().seal()).toBe(0);
      expect(await broken()).toBeNull();
    });

    it('shows a row that was changed afterwards', async () => {
      await sealer().seal();
      const [victim] = await plane.rows(AuditEvent, { action: 'tenant.provision' });
      const link = (await plane.rows(AuditChainLink, { auditId: victim?.id }))[0];
      await plane.change(AuditEvent, { id: victim?.id }, { actorId: 'somebody else' });
      expect(await broken()).toBe(link?.position);
      await plane.change(AuditEvent, { id: victim?.id }, { actorId: victim?.actorId });
      expect(await broken()).toBeNull();
      await plane.change(AuditEvent, { id: victim?.id }, { after: { ...victim?.after, plan: 'enterprise' } });
      expect(await broken()).toBe(link?.position);
    });
  });
});
