import { randomUUID } from 'node:crypto';
import { type DesiredTenant } from '@atlas/plane-contract';
import { EVERY_DATABASE, FixedClock } from '@atlas/testing';
import { Audit } from '../../src/audit/audit';
import { Incident } from '../../src/incidents/incident.entity';
import { Pause, endedOrWaiting } from '../pause.fixture';
import { type CallOptions, type SignedInUser, TestTenantPlane } from '../tenant-plane.fixture';

describe.each(EVERY_DATABASE)('incidents on %s', (driver) => {
  const clock = new FixedClock();
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let admin: SignedInUser & CallOptions;
  let count = 0;

  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver, { clock });
  });
  afterAll(() => plane.close());
  beforeEach(async () => {
    ({ tenant, admin } = await plane.tenantWithAdmin(`tenant-${(count += 1)}`));
  });

  const create = (changes: object = {}) =>
    plane.post('/api/incidents', { title: 'Disk full', severity: 'P2', ...changes }, admin);
  const created = async (changes: object = {}): Promise<{ id: string; number: string }> =>
    (await create(changes).expect(201)).body;
  const change = (id: string, changes: object) => plane.patch(`/api/incidents/${id}`, changes, admin);
  const list = async (query = ''): Promise<{ items: { number: string }[]; next_cursor: string | null }> =>
    (await plane.get(`/api/incidents${query}`, admin).expect(200)).body;
  const numbersOf = async (query = ''): Promise<string[]> =>
    (await list(query)).items.map(({ number }) => number);

  const later = (minutes: number): string => new Date(clock.now().getTime() + minutes * 60_000).toISOString();

  describe('when reported', () => {
    it('are open and numbered, and returned in full', async () => {
      const now = clock.now().toISOString();
      const { body } = await create({ title: '  Disk full  ', description: 'on web-1' }).expect(201);
      expect(body).toEqual({
        id: expect.any(String),
        number: 'INC-00000001',
        title: 'Disk full',
        description: 'on web-1',
        severity: 'P2',
        status: 'open',
        source: 'manual',
        created_by: admin.id,
        assignee_id: null,
        ci_ids: [],
        alert_count: 0,
        created_at: now,
        updated_at: now,
        acknowledged_at: null,
        resolved_at: null,
        closed_at: null,
        resolution_notes: null,
        root_cause: null,
        sla: {
          response_due_at: later(30),
          resolution_due_at: later(480),
          responded_at: null,
          status: 'on_track',
        },
      });
      expect((await plane.get(`/api/incidents/${body.id}`, admin).expect(200)).body).toEqual(body);
      expect((await list()).items).toEqual([body]);
    });

    it('are audited with user, address and trace id', async () => {
      const answer = await create().expect(201);
      expect(await plane.audit(tenant, 'incident.created')).toEqual([
        expect.objectContaining({
          actorKind: 'user',
          actorId: admin.id,
          targetKind: 'incident',
          targetId: answer.body.id,
          ip: '127.0.0.1',
          traceId: answer.headers['x-trace-id'],
          at: clock.now(),
          before: null,
          after: { number: 'INC-00000001', severity: 'P2' },
        }),
      ]);
    });

    it("get their tenant's next numbers, without gaps or duplicates under concurrency", async () => {
      const { admin: other } = await plane.tenantWithAdmin(`other-${count}`);
      const answers = await Promise.all([
        ...Array.from({ length: 20 }, () => create()),
        plane.post('/api/incidents', { title: 'Elsewhere', severity: 'P1' }, other),
      ]);
      expect(answers.pop()?.body.number).toBe('INC-00000001');
      const expected = Array.from({ length: 20 }, (_, i) => `INC-${String(i + 1).padStart(8, '0')}`);
      expect(answers.map((answer) => answer.body.number).sort()).toEqual(expected);
    });

    it.each([
      ['no title', { title: undefined }, 'title'],
      ['a blank title', { title: '   ' }, 'title'],
      ['a title of 201 characters', { title: 'x'.repeat(201) }, 'title'],
      ['a number as title', { title: 7 }, 'title'],
      ['no severity', { severity: undefined }, 'severity'],
      ['an unknown severity', { severity: 'P6' }, 'severity'],
      ['a severity in lower case', { severity: 'p1' }, 'severity'],
      ['a description of 20001 characters', { description: 'x'.repeat(20_001) }, 'description'],
      ['a status', { status: 'closed' }, 'status'],
      ['a number chosen by the caller', { number: 'INC-00000007' }, 'number'],
      ['a tenant', { tenant_id: randomUUID() }, 'tenant_id'],
    ])('are refused with %s', async (_, changes, field) => {
      const { body } = await create(changes).expect(400);
      expect(body.code).toBe('validation_failed');
      expect(body.errors.map((error: { field: string }) => error.field)).toContain(field);
      expect(await plane.rows(tenant, Incident)).toEqual([]);
    });

    it('have exactly the title that was sent, even if it looks like SQL or HTML', async () => {
      const title = 'Zürich 🔥 \u2028 \t <b>"\'; drop table incidents; --';
      const { id } = await created({ title });
      expect((await plane.get(`/api/incidents/${id}`, admin).expect(200)).body.title).toBe(title);
    });

    it('may have the longest title and description allowed', async () => {
      await create({ title: 'x'.repeat(200), description: 'x'.repeat(20_000) }).expect(201);
    });
  });

  describe('when updated', () => {
    it('keep the fields that the update omits, and are audited with their old and new values', async () => {
      const { id } = await created({ description: 'on web-1' });
      clock.advance(60);
      const { body } = await change(id, { severity: 'P1', title: 'Disk is full' }).expect(200);
      expect(body).toMatchObject({
        title: 'Disk is full',
        description: 'on web-1',
        severity: 'P1',
        status: 'open',
        updated_at: clock.now().toISOString(),
      });
      expect((await plane.get(`/api/incidents/${id}`, admin)).body).toEqual(body);
      const [event] = await plane.audit(tenant, 'incident.updated');
      expect(event).toMatchObject({
        actorId: admin.id,
        targetId: id,
        before: { severity: 'P2', title: 'Disk full' },
        after: { severity: 'P1', title: 'Disk is full' },
      });
    });

    it('are neither written nor audited if the update changes nothing', async () => {
      const { id, ...was } = await created({ description: 'on web-1' });
      clock.advance(60);
      for (const changes of [
        {},
        { title: ' Disk full ', severity: 'P2', status: 'open', description: 'on web-1' },
      ])
        expect((await change(id, changes).expect(200)).body).toEqual({ id, ...was });
      expect(await plane.audit(tenant, 'incident.updated')).toEqual([]);
    });

    it('lose their description if it is set to null', async () => {
      const { id } = await created({ description: 'on web-1' });
      expect((await change(id, { description: null }).expect(200)).body.description).toBeNull();
    });

    it('keep their first resolution date until they are reopened', async () => {
      const { id } = await created();
      const resolvedAt = clock.now().toISOString();
      const dateOf = async (changes: object): Promise<string> =>
        (await change(id, changes).expect(200)).body.resolved_at;
      expect(await dateOf({ status: 'resolved' })).toBe(resolvedAt);
      clock.advance(60);
      expect(await dateOf({ title: 'Later' })).toBe(resolvedAt);
      expect(await dateOf({ status: 'closed', resolution_notes: 'Freed space' })).toBe(resolvedAt);
      expect(await dateOf({ status: 'open' })).toBeNull();
    });

    it.each<[string, object, object]>([
      ['the title and the severity', { title: 'Disk is full' }, { severity: 'P1' }],
      ['the severity', { severity: 'P3' }, { severity: 'P1' }],
    ])(
      'are returned and audited as stored when two users change %s at the same time',
      async (_, one, other) => {
        const { id } = await created();
        const pause = Pause.before(plane.app.get(Audit), 'record');
        const first = change(id, one).then(({ body }) => body);
        await pause.reached;
        const second = change(id, other).then(({ body }) => body);
        await endedOrWaiting(plane, second);
        pause.release();
        const was = { title: 'Disk full', severity: 'P2' };
        const [between, last] = [
          { ...was, ...one },
          { ...was, ...one, ...other },
        ];
        const only = (values: object, names: object): object =>
          Object.fromEntries(Object.entries(values).filter(([name]) => name in names));
        expect([await first, await second]).toMatchObject([between, last]);
        expect((await plane.get(`/api/incidents/${id}`, admin)).body).toEqual(await second);
        expect(await plane.audit(tenant, 'incident.updated')).toMatchObject([
          { before: only(was, one), after: one },
          { before: only(between, other), after: other },
        ]);
      },
    );

    it('undergo concurrent status changes one after the other', async () => {
      const { id } = await created();
      const answers = await Promise.all([
        change(id, { status: 'acknowledged' }),
        change(id, { status: 'resolved' }),
        change(id, { status: 'investigating' }),
      ]);
      const codes = answers.map(({ status }) => status);
      expect(codes.filter((code) => code !== 200 && code !== 409)).toEqual([]);
      const events = await plane.audit(tenant, 'incident.updated');
      expect(events).toHaveLength(codes.filter((code) => code === 200).length);
      const steps = events.map(({ before, after }) => [before?.['status'], after?.['status']]);
      // Each change starts from the status that the previous one set.
      expect(steps.map(([from]) => from)).toEqual(['open', ...steps.slice(0, -1).map(([, to]) => to)]);
    });

    it.each([
      ['an unknown status', { status: 'done' }],
      ['an unknown severity', { severity: 'high' }],
      ['a blank title', { title: ' ' }],
      ['another number', { number: 'INC-00000009' }],
    ])('cannot be given %s', async (_, changes) => {
      const { id } = await created();
      expect((await change(id, changes).expect(400)).body.code).toBe('validation_failed');
      expect(await plane.audit(tenant, 'incident.updated')).toEqual([]);
    });
  });

  describe('when listed', () => {
    it('are returned in pages, newest first, each once', async () => {
      for (let i = 0; i < 5; i++) await created();
      const [first, second] = [await list('?limit=2'), await list('?limit=2')];
      expect(first).toEqual(second);
      const seen: string[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const page = await list(`?limit=2${cursor && `&cursor=${cursor}`}`);
        seen.push(...page.items.map(({ number }) => number.slice(-1)));
        cursor = page.next_cursor;
        // New incidents do not shift the pages.
        if (seen.length === 2) await created();
      }
      expect(seen).toEqual(['5', '4', '3', '2', '1']);
    });

    it('are returned in the same pages if the cursor is in upper case', async () => {
      for (let i = 0; i < 3; i++) await created();
      const { next_cursor: cursor } = await list('?limit=1');
      const rest = await numbersOf(`?cursor=${cursor}`);
      expect(rest).toHaveLength(2);
      expect(await numbersOf(`?cursor=${cursor?.toUpperCase()}`)).toEqual(rest);
    });

    it('are returned with no next cursor if the last page is full', async () => {
      for (let i = 0; i < 2; i++) await created();
      expect((await list('?limit=2')).next_cursor).toBeNull();
      expect((await list('?limit=1')).next_cursor).not.toBeNull();
    });

    it('can be filtered by status, page by page', async () => {
      for (let i = 0; i < 4; i++) await created();
      const resolved = (await list()).items.slice(1, 3) as unknown as { id: string; number: string }[];
      for (const { id } of resolved) await change(id, { status: 'resolved' }).expect(200);
      const numbers = resolved.map(({ number }) => number);
      expect(await numbersOf('?status=resolved')).toEqual(numbers);
      const page = await list('?status=resolved&limit=1');
      expect(await numbersOf(`?status=resolved&limit=1&cursor=${page.next_cursor}`)).toEqual(
        numbers.slice(1),
      );
      expect(await numbersOf('?status=closed')).toEqual([]);
    });

    it.each([
      'limit=0',
      'limit=201',
      'limit=-1',
      'limit=1.5',
      'limit=ten',
      'limit=',
      'limit=1&limit=2',
      'cursor=1',
      'cursor=INC-00000001',
      'status=done',
      'status=',
      'status=open&status=closed',
      'severity=p1',
      'assignee_id=me',
      'state=resolved',
      'state=',
      'unassigned=yes',
      'sla=met',
      'ci_id=web-1',
      'q=',
      'offset=1',
    ])('cannot be requested with ?%s', async (query) => {
      const { body } = await plane.get(`/api/incidents?${query}`, admin).expect(400);
      expect(body.code).toBe('validation_failed');
    });

    it.each(['limit=1', 'limit=200'])('can be requested with ?%s', async (query) => {
      await created();
      expect(await numbersOf(`?${query}`)).toHaveLength(1);
    });
  });

  describe('of another tenant', () => {
    it('are not found', async () => {
      const { id } = await created();
      const { admin: other } = await plane.tenantWithAdmin(`stranger-${count}`);
      for (const answer of [
        await plane.get(`/api/incidents/${id}`, other),
        await plane.patch(`/api/incidents/${id}`, { title: 'Taken' }, other),
        await plane.get(`/api/incidents/${randomUUID()}`, other),
      ]) {
        expect([answer.status, answer.body.code]).toEqual([404, 'incident_not_found']);
      }
      expect((await plane.get('/api/incidents', other)).body.items).toEqual([]);
      expect((await plane.get(`/api/incidents?cursor=${id}`, other)).body.items).toEqual([]);
      expect((await plane.rows(tenant, Incident))[0]?.title).toBe('Disk full');
    });
  });

  it('can be found by an id in upper case', async () => {
    const { id } = await created();
    const { body } = await plane.get(`/api/incidents/${id.toUpperCase()}`, admin).expect(200);
    expect(body.id).toBe(id);
  });

  it('cannot be read or changed with an invalid id', async () => {
    for (const answer of [
      await plane.get('/api/incidents/INC-00000001', admin),
      await change('1', { title: 'x' }),
    ]) {
      expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed']);
    }
  });
});
