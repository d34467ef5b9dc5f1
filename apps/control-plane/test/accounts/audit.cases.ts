import { Database, createDataSource, databaseTarget } from '@atlas/persistence';
import {
  type AuditRecord,
  CHAIN_START,
  type Page,
  type SealedAuditRecord,
  faultBehind,
} from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { EVERY_DATABASE, changesOfEach } from '@atlas/testing';
import { OperatorSession } from '../../src/accounts/operator-session.entity';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { AuditSealer } from '../../src/audit/audit-sealer';
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

  it('records who provisioned which tenant, and from where', async () => {
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

  it("shows the tenant's slug in entries about the tenant and about its job", async () => {
    const { body } = await plane.provision();
    const { id, slug } = body.tenant;
    await plane.post(`/api/provisioning-jobs/${body.job.id}/cancel`);
    const { items } = (await plane.get('/api/audit').expect(200)).body as Page<
      AuditRecord & { tenant_slug: string }
    >;
    const slugOf = (action: string, targetId: string) =>
      items.find((item) => item.action === action && item.target.id === targetId)?.tenant_slug;
    expect(slugOf('tenant.provision', id)).toBe(slug);
    expect(slugOf('job.cancelled', body.job.id)).toBe(slug);
    expect(items.find(({ target }) => target.kind === 'tenant_plane')?.tenant_slug).toBeNull();
  });

  it('records who issued and who revoked a token, but not the token', async () => {
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

  it('records which plane enrolled, and which instance presented a used token', async () => {
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

  it('records that an operator signed in, and from where', async () => {
    const body = { email: 'owner@example.com', password: PASSWORD };
    const answer = await plane.post('/api/auth/login', body, { token: null, headers });
    const [session] = await plane.rows(OperatorSession, { id: answer.body.token.split('_')[1] });
    const rows = await plane.rows(AuditEvent, { action: 'operator.signed_in', traceId: TRACE });
    const by = { actorKind: 'operator', actorId: session?.operatorId, ip: '127.0.0.1' };
    expect(rows).toEqual([expect.objectContaining({ ...by, targetId: session?.operatorId })]);
  });

  it('records who cancelled a job', async () => {
    const { body } = await plane.provision();
    await plane.post(`/api/provisioning-jobs/${body.job.id}/cancel`).expect(202);
    expect(await event('job.cancelled', body.job.id)).toMatchObject({
      actorKind: 'api_key',
      actorId: apiKeyId(),
    });
  });

  it('records nothing about requests that are refused and rolled back', async () => {
    const before = await plane.count(AuditEvent);
    await plane.provision({ slug: 'admin' });
    await plane.provision({ region: 'nowhere' });
    expect(await plane.count(AuditEvent)).toBe(before);
  });

  it('is paged, newest first, and can be filtered by action', async () => {
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

  describe('sealing', () => {
    const sealer = () => plane.app.get(AuditSealer);
    const chain = async (): Promise<SealedAuditRecord[]> => {
      const all: SealedAuditRecord[] = [];
      let cursor: string | null = '0';
      while (cursor !== null) {
        const { body }: { body: Page<SealedAuditRecord> } = await plane
          .get(`/api/audit/chain?limit=100&cursor=${cursor}`)
          .expect(200);
        all.push(...body.items);
        cursor = body.next_cursor;
      }
      return all;
    };
    const faults = async (): Promise<string[]> => {
      const records = await chain();
      return records.flatMap((record, index) => faultBehind(records[index - 1] ?? CHAIN_START, record) ?? []);
    };
    /** Executes statements with the privileges of the database owner. */
    const tamper = async (...statements: [string, ...unknown[]][]): Promise<void> => {
      const { url, ownerUrl = url } = plane.database;
      const source = createDataSource(databaseTarget(ownerUrl), { entities: [], migrations: [] });
      await source.initialize();
      try {
        for (const [statement, ...parameters] of statements) await source.query(statement, parameters);
      } finally {
        await source.destroy();
      }
    };

    it('chains every row exactly once, even with concurrent sealers', async () => {
      await Promise.all([sealer().seal(), sealer().seal(), sealer().seal()]);
      await plane.provision();
      await plane.sweep();
      await sealer().seal();
      const ids = (await plane.rows(AuditEvent)).map((row) => row.id).sort();
      expect((await chain()).map(({ id }) => id).sort()).toEqual(ids);
      expect(await sealer().seal()).toBe(0);
      expect(await faults()).toEqual([]);
    });

    it('chains rows correctly even if a clock was behind or ahead', async () => {
      for (const at of [new Date('2117-01-01'), new Date('2001-01-01')]) {
        const [event] = await plane.rows(AuditEvent);
        await plane.insert(AuditEvent, { ...event, id: uuidv7(at), at, position: null, hash: null });
        await sealer().seal();
      }
      await plane.provision();
      expect(await faults()).toEqual([]);
      expect(await plane.count(AuditEvent)).toBe((await chain()).length);
    });

    it('prevents rows from being changed, deleted or sealed again in the database', async () => {
      const texts = {
        actorId: 'who',
        targetId: 'what',
        ip: '127.0.0.1',
        traceId: TRACE,
        before: { plan: 'core' },
      };
      const [event] = await plane.rows(AuditEvent);
      const id = uuidv7(plane.clock.now());
      await plane.insert(AuditEvent, { ...event, ...texts, id, position: null, hash: null });
      const { columns } = plane.app.get(Database).dataSource.getMetadata(AuditEvent);
      const isRefused = async (change: Partial<AuditEvent>) =>
        expect(plane.change(AuditEvent, { id }, change)).rejects.toThrow('audit_append_only');
      const all = async () => {
        const [row] = (await plane.rows(AuditEvent, { id })) as [AuditEvent];
        return changesOfEach(columns, { ...row, position: row.position ?? 1, hash: row.hash ?? 'h' });
      };
      expect(await all()).toHaveLength(columns.length);
      for (const change of await all())
        if (!('position' in change || 'hash' in change)) await isRefused(change);
      await sealer().seal();
      for (const change of [...(await all()), { position: null }, { hash: null }]) await isRefused(change);
      await expect(plane.remove(AuditEvent, { id })).rejects.toThrow('audit_append_only');
      if (driver === 'postgres')
        await expect(tamper(['truncate audit_events'])).rejects.toThrow('audit_append_only');
      expect(await faults()).toEqual([]);
    });

    it("reveals tampering by the database's owner", async () => {
      await plane.provision();
      await sealer().seal();
      // Picks an entry other than the last. Removing the last entry
      // is detectable only if its position was noted earlier.
      const [event] = (await plane.rows(AuditEvent, { action: 'tenant.provision' })).sort(
        (a, b) => (a.position ?? 0) - (b.position ?? 0),
      ) as [AuditEvent];
      const found = [`entry ${event.position} (tenant.provision) does not match its seal`];
      const triggers =
        driver === 'postgres'
          ? ['keep_audit_events() cascade']
          : ['audit_events_unchanged', 'audit_events_undeleted'];
      for (const name of triggers)
        await tamper([`drop ${driver === 'postgres' ? 'function' : 'trigger'} ${name}`]);
      const actor = `update audit_events set actor_id = $1 where id = $2`;
      await tamper([actor, 'somebody else', event.id]);
      expect(await faults()).toEqual(found);
      await tamper([actor, event.actorId, event.id]);
      expect(await faults()).toEqual([]);
      const after = `update audit_events set after = $1 where id = $2`;
      await tamper([after, JSON.stringify({ ...event.after, plan: 'enterprise' }), event.id]);
      expect(await faults()).toEqual(found);
      await tamper(['delete from audit_events where id = $1', event.id]);
      expect(await faults()).toEqual([expect.stringMatching(`entry ${event.position} is missing`)]);
    });
  });
});
