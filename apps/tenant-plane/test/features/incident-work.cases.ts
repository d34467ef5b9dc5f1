import { randomUUID } from 'node:crypto';
import { type DesiredTenant } from '@atlas/plane-contract';
import { type IncidentView, type TimelineItemView } from '@atlas/tenant-api/incidents';
import { EVERY_DATABASE, FixedClock } from '@atlas/testing';
import { type CallOptions, type SignedInUser, TestTenantPlane } from '../tenant-plane.fixture';

describe.each(EVERY_DATABASE)('working on an incident on %s', (driver) => {
  const clock = new FixedClock();
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let admin: SignedInUser & CallOptions;
  let fulfiller: SignedInUser & CallOptions;
  let requester: SignedInUser & CallOptions;
  let count = 0;

  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver, { clock });
    ({ tenant, admin } = await plane.tenantWithAdmin('acme'));
    fulfiller = await member('fulfiller');
    requester = await member('requester');
  });
  afterAll(() => plane.close());

  const member = async (role: 'fulfiller' | 'requester'): Promise<SignedInUser & CallOptions> => {
    const session = await plane.join(tenant, admin.session, role, `member-${(count += 1)}@example.com`);
    const { body } = await plane.get('/api/auth/me', { session }).expect(200);
    return { id: body.user.id, session };
  };
  const report = async (fields: object = {}, by: CallOptions = admin): Promise<IncidentView> =>
    (await plane.post('/api/incidents', { title: 'Disk full', severity: 'P2', ...fields }, by).expect(201))
      .body;
  const change = (id: string, fields: object, by: CallOptions = admin) =>
    plane.patch(`/api/incidents/${id}`, fields, by);
  const item = async (): Promise<string> => {
    const body = { name: `web-${(count += 1)}`, type: 'server' };
    return (await plane.post('/api/cmdb/items', body, admin).expect(201)).body.id;
  };
  const timeline = async (
    id: string,
    { by = admin, query = '' }: { by?: CallOptions; query?: string } = {},
  ): Promise<{ items: TimelineItemView[]; next_cursor: string | null }> =>
    (await plane.get(`/api/incidents/${id}/timeline${query}`, by).expect(200)).body;
  const kinds = async (id: string, by: CallOptions = admin): Promise<string[]> =>
    (await timeline(id, { by })).items.map(({ kind }) => kind);

  it('is recorded in its timeline, oldest first, with who did what and when', async () => {
    const { id } = await report({}, requester);
    const reported = clock.now().toISOString();
    clock.advance(60);
    const at = clock.now().toISOString();
    await change(id, { severity: 'P1', status: 'acknowledged', assignee_id: fulfiller.id }, fulfiller).expect(
      200,
    );
    await plane.post(`/api/incidents/${id}/notes`, { text: 'Looking' }, fulfiller).expect(201);
    const by = fulfiller.id;
    const entry = { id: expect.any(String), at, by };
    expect((await timeline(id)).items).toEqual([
      {
        id: expect.any(String),
        at: reported,
        kind: 'created',
        by: requester.id,
        data: { severity: 'P2', status: 'open', source: 'manual' },
      },
      { ...entry, kind: 'status', data: { from: 'open', to: 'acknowledged' } },
      { ...entry, kind: 'severity', data: { from: 'P2', to: 'P1' } },
      { ...entry, kind: 'assigned', data: { from: null, to: fulfiller.id } },
      { ...entry, kind: 'note', data: { text: 'Looking' } },
    ]);
  });

  it('is recorded in the order of the changes, page by page, when many people work at once', async () => {
    const { id } = await report();
    const texts = Array.from({ length: 12 }, (_, index) => `note ${index}`);
    await Promise.all(
      texts.map((text) => plane.post(`/api/incidents/${id}/notes`, { text }, admin).expect(201)),
    );
    const seen: TimelineItemView[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page = await timeline(id, { query: `?limit=5${cursor && `&cursor=${cursor}`}` });
      seen.push(...page.items);
      cursor = page.next_cursor;
    }
    expect(seen.map(({ kind }) => kind)).toEqual(['created', ...texts.map(() => 'note')]);
    expect(
      seen
        .slice(1)
        .map(({ data }) => data['text'])
        .sort(),
    ).toEqual(texts.toSorted());
  });

  it('cannot be paged with a cursor that is not from its timeline', async () => {
    const [one, other] = [await report(), await report()];
    const [{ id: cursor } = { id: '' }] = (await timeline(other.id)).items;
    for (const wrong of [cursor, one.id])
      await plane.get(`/api/incidents/${one.id}/timeline?cursor=${wrong}`, admin).expect(400);
  });

  it('adds a note only once if the request is repeated with its key', async () => {
    const { id } = await report();
    const once = { ...admin, headers: { 'idempotency-key': randomUUID() } };
    const add = () => plane.post(`/api/incidents/${id}/notes`, { text: 'Once' }, once).expect(201);
    const [first, second] = [await add(), await add()];
    expect(second.body).toEqual(first.body);
    expect(await kinds(id)).toEqual(['created', 'note']);
  });

  it.each(['', '  ', 'x'.repeat(20_001), 7, null])('refuses the note %j', async (text) => {
    const { id } = await report();
    await plane.post(`/api/incidents/${id}/notes`, { text }, admin).expect(400);
    expect(await kinds(id)).toEqual(['created']);
  });

  describe('by a requester', () => {
    it('is limited to seeing the incidents that they reported, without notes', async () => {
      const own = await report({}, requester);
      const other = await report({}, fulfiller);
      await plane.post(`/api/incidents/${own.id}/notes`, { text: 'Internal' }, fulfiller).expect(201);
      await change(own.id, { status: 'acknowledged' }).expect(200);
      const { body } = await plane.get('/api/incidents?limit=200', requester).expect(200);
      const ids = body.items.map(({ id }: IncidentView) => id);
      expect([ids.includes(own.id), ids.includes(other.id)]).toEqual([true, false]);
      for (const path of ['', '/timeline'])
        await plane.get(`/api/incidents/${other.id}${path}`, requester).expect(404);
      expect(await kinds(own.id, requester)).toEqual(['created', 'status']);
      expect(await kinds(own.id)).toEqual(['created', 'note', 'status']);
    });

    it('cannot assign the incident to anyone', async () => {
      const body = { title: 'x', severity: 'P3', assignee_id: fulfiller.id };
      expect((await plane.post('/api/incidents', body, requester).expect(403)).body.code).toBe('forbidden');
      expect(await report({ assignee_id: fulfiller.id }, fulfiller)).toMatchObject({
        assignee_id: fulfiller.id,
      });
    });
  });

  it.each<[string, () => string | Promise<string>]>([
    ['a requester', () => requester.id],
    ['an unknown user', () => randomUUID()],
    [
      'a user who was deactivated',
      async () => {
        const gone = await member('fulfiller');
        await plane.patch(`/api/users/${gone.id}`, { deactivated: true }, admin).expect(200);
        return gone.id;
      },
    ],
    ['a user of another tenant', async () => (await plane.tenantWithAdmin(`other-${(count += 1)}`)).admin.id],
  ])('cannot be assigned to %s', async (_, userId) => {
    const { id } = await report();
    const assignee_id = await userId();
    expect((await change(id, { assignee_id }).expect(422)).body.code).toBe('assignee_not_found');
    const created = await plane.post('/api/incidents', { title: 'x', severity: 'P3', assignee_id }, admin);
    expect([created.status, created.body.code]).toEqual([422, 'assignee_not_found']);
    expect(await kinds(id)).toEqual(['created']);
  });

  it('links the configuration items that are affected, and replaces the list', async () => {
    const [one, two, three] = [await item(), await item(), await item()];
    const { id, ci_ids } = await report({ ci_ids: [one, two] });
    expect(ci_ids).toEqual([one, two]);
    const { body } = await change(id, { ci_ids: [two, three] }).expect(200);
    expect(body.ci_ids).toEqual([two, three]);
    expect((await change(id, { ci_ids: [three, two] }).expect(200)).body).toEqual(body);
    const [event] = await plane.audit(tenant, 'incident.updated').then((all) => all.slice(-1));
    expect(event).toMatchObject({ before: { ci_ids: [one, two] }, after: { ci_ids: [two, three] } });
    expect((await plane.get(`/api/incidents/${id}`, admin)).body.ci_ids).toEqual([two, three]);
    const found = async (ciId: string): Promise<string[]> =>
      (await plane.get(`/api/incidents?ci_id=${ciId}`, admin).expect(200)).body.items.map(
        (incident: IncidentView) => incident.id,
      );
    expect([await found(one), await found(two), await found(three)]).toEqual([[], [id], [id]]);
  });

  it.each<[string, () => unknown[]]>([
    ['an unknown item', () => [randomUUID()]],
    ['the same item twice', () => Array.from({ length: 2 }, () => admin.id)],
    ['101 items', () => Array.from({ length: 101 }, () => randomUUID())],
    ['something that is not an id', () => ['web-1']],
    ['null in the list', () => [null]],
  ])('cannot link %s', async (name, ids) => {
    const { id } = await report();
    const answer = await change(id, { ci_ids: ids() });
    expect(answer.status).toBe(name === 'an unknown item' ? 422 : 400);
    expect((await plane.get(`/api/incidents/${id}`, admin)).body.ci_ids).toEqual([]);
  });

  it('cannot link an item of another tenant', async () => {
    const { admin: stranger } = await plane.tenantWithAdmin(`stranger-${(count += 1)}`);
    const foreign = await plane.post('/api/cmdb/items', { name: 'x', type: 'y' }, stranger).expect(201);
    const { id } = await report();
    expect((await change(id, { ci_ids: [foreign.body.id] }).expect(422)).body.code).toBe(
      'configuration_item_not_found',
    );
  });

  it('can be finished only with resolution notes', async () => {
    const { id } = await report();
    await change(id, { status: 'resolved', root_cause: 'Logs' }).expect(200);
    expect((await change(id, { status: 'closed' }).expect(422)).body.code).toBe('resolution_notes_required');
    const { body } = await change(id, { status: 'closed', resolution_notes: 'Rotated the logs' }).expect(200);
    expect(body).toMatchObject({
      status: 'closed',
      closed_at: clock.now().toISOString(),
      resolution_notes: 'Rotated the logs',
      root_cause: 'Logs',
    });
    expect((await change(id, { resolution_notes: null }).expect(422)).body.code).toBe(
      'resolution_notes_required',
    );
    expect((await change(id, { status: 'open' }).expect(200)).body).toMatchObject({
      closed_at: null,
      resolved_at: null,
      resolution_notes: 'Rotated the logs',
    });
  });

  it('keeps the time of the first acknowledgement', async () => {
    const { id } = await report();
    const first = clock.now().toISOString();
    expect((await change(id, { status: 'acknowledged' }).expect(200)).body.acknowledged_at).toBe(first);
    clock.advance(60);
    const { body } = await change(id, { status: 'investigating' }).expect(200);
    expect([body.acknowledged_at, body.sla.responded_at]).toEqual([first, first]);
  });

  it.each([
    ['disk', 'title'],
    ['ÜBERLAUF', 'title'],
    ['überlauf auf', 'title'],
    ['Straße', 'description'],
    ['100 %', 'description'],
    ['a*b?[c]', 'description'],
    ['C:\\temp\\.', 'description'],
    ['^$|(x)', 'description'],
  ])('finds the incident by the text %s in its %s, in upper or lower case', async (q) => {
    const { admin: user } = await plane.tenantWithAdmin(`search-${(count += 1)}`);
    const description = 'Straße: 100 % a*b?[c] C:\\temp\\. ^$|(x)';
    const found = await plane.post(
      '/api/incidents',
      { title: 'Disk Überlauf auf web-1', severity: 'P2', description },
      user,
    );
    await plane.post(
      '/api/incidents',
      { title: 'aXbYcZ', severity: 'P2', description: 'Strasse 1000' },
      user,
    );
    const search = async (text: string): Promise<string[]> =>
      (await plane.get(`/api/incidents?q=${encodeURIComponent(text)}`, user).expect(200)).body.items.map(
        ({ id }: IncidentView) => id,
      );
    expect(await search(q)).toEqual([found.body.id]);
    expect(await search(found.body.number.toLowerCase())).toEqual([found.body.id]);
  });

  it('finds incidents by a combination of filters', async () => {
    const assigned = await report({ severity: 'P4', assignee_id: fulfiller.id, title: 'Slow' });
    await report({ severity: 'P4', title: 'Slow' });
    await report({ severity: 'P5', assignee_id: fulfiller.id, title: 'Slow' });
    const query = `?severity=P4&assignee_id=${fulfiller.id}&status=open&q=slow`;
    const { body } = await plane.get(`/api/incidents${query}`, admin).expect(200);
    expect(body.items).toEqual([assigned]);
  });
});
