import { type DesiredTenant } from '@atlas/plane-contract';
import { type RunView } from '@atlas/tenant-api/automation';
import { EVERY_DATABASE, eventually } from '@atlas/testing';
import { OngoingAnswers } from '@atlas/platform';
import { EventStreams } from '../../src/automation/event-streams';
import { type CallOptions, type SignedInUser, TestTenantPlane } from '../tenant-plane.fixture';

interface Event {
  readonly id: string | null;
  readonly name: string;
  readonly data: Record<string, unknown>;
}

describe.each(EVERY_DATABASE)('the event stream of a run on %s', (driver) => {
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let admin: SignedInUser & CallOptions;
  let key: string;
  let count = 0;

  beforeAll(async () => (plane = await TestTenantPlane.boot(driver)));
  afterAll(() => plane.close());
  beforeEach(async () => {
    ({ tenant, admin } = await plane.tenantWithAdmin(`acme-${(count += 1)}`));
    await plane.put('/api/automation/policy', { level: 5 }, admin).expect(200);
    ({ key } = (await plane.post('/api/agents', { name: 'a' }, admin).expect(201)).body);
  });

  const MANUAL = { name: 'look', kind: 'manual', risk: 'low', config: {} };
  const shell = (name: string): object => ({ name, kind: 'shell', risk: 'low', config: { command: 'x' } });
  const start = async (...steps: object[]): Promise<RunView> => {
    const { body } = await plane.post('/api/runbooks', { name: 'x', steps }, admin).expect(201);
    return (await plane.post(`/api/runbooks/${body.id}/runs`, {}, admin).expect(202)).body;
  };
  const act = ({ id }: RunView, action: string) =>
    plane.post(`/api/automation/jobs/${id}/${action}`, {}, admin).expect(200);
  /** Leases the next step. Returns a function that reports about it. */
  const claim = async () => {
    const { body } = await plane.post('/api/agent/claim', {}, { session: key }).expect(200);
    return (fields: object) =>
      plane.post('/api/agent/results', { lease_id: body.lease_id, ...fields }, { session: key }).expect(200);
  };

  const open = ({ id }: { id: string }, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${plane.url}/api/automation/jobs/${id}/events`, {
      headers: { authorization: `Bearer ${admin.session}`, 'x-tenant-id': tenant.tenant_id, ...headers },
    });
  /** Adds events to `seen` as they arrive, until the stream closes. */
  const read = async (response: Response, seen: Event[]): Promise<void> => {
    let rest = '';
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const blocks = (rest + chunk).split('\n\n');
      rest = blocks.pop() ?? '';
      seen.push(...blocks.filter((block) => block !== ':').map(parsed));
    }
    expect(rest).toBe('');
  };
  const follow = async (run: { id: string }, headers: Record<string, string> = {}) => {
    const response = await open(run, headers);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    const seen: Event[] = [];
    return { seen, closed: read(response, seen) };
  };
  const outputs = (seen: readonly Event[]) =>
    seen.filter(({ name }) => name === 'output').map(({ data }) => data);
  const statuses = (seen: readonly Event[], step: string) =>
    seen
      .filter(({ name, data }) => name === 'step' && data['name'] === step)
      .map(({ data }) => data['status']);

  it('tells of each change of a step, of its output, and of the end', async () => {
    const run = await start(MANUAL, shell('one'));
    const { seen, closed } = await follow(run);
    await eventually(() => statuses(seen, 'one').includes('pending'));
    await act(run, 'complete');
    const report = await claim();
    await eventually(() => statuses(seen, 'one').includes('running'));
    await report({ output: 'äb', offset: 0 });
    await eventually(() => outputs(seen).length === 1);
    await report({ output: 'c', offset: 3, exit_code: 0, finished: true });
    await closed;
    expect(statuses(seen, 'one').filter((status) => status !== 'queued')).toEqual([
      'pending',
      'running',
      'succeeded',
    ]);
    expect(outputs(seen)).toEqual([
      { step: 'one', offset: 0, text: 'äb' },
      { step: 'one', offset: 3, text: 'c' },
    ]);
    expect(seen.at(-1)).toMatchObject({ name: 'done', data: { id: run.id, status: 'succeeded' } });
    expect(new Set(seen.map((event) => JSON.stringify(event))).size).toBe(seen.length);
  });

  it('continues where a client left off, and begins with the stored end of the output', async () => {
    const run = await start(shell('one'), shell('two'));
    const first = await claim();
    await first({ output: 'one', offset: 0, exit_code: 0, finished: true });
    const second = await claim();
    const dropped = { offset: 100, skipped: 100 };
    await second({ output: 'two', ...dropped });
    const { seen, closed } = await follow(run);
    await eventually(() => outputs(seen).length === 2);
    await second({ output: ' more', offset: 103, exit_code: 0, finished: true });
    await closed;
    const all = [
      { step: 'one', offset: 0, text: 'one' },
      { step: 'two', offset: 100, text: 'two' },
      { step: 'two', offset: 103, text: ' more' },
    ];
    expect(outputs(seen)).toEqual(all);
    const ids = seen.filter(({ name }) => name === 'output').map(({ id }) => id ?? '');
    const after = async (id: string) => {
      const again = await follow(run, { 'last-event-id': id });
      await again.closed;
      return outputs(again.seen);
    };
    expect(await after(ids[0] ?? '')).toEqual([{ step: 'two', offset: 100, text: 'two more' }]);
    expect(await after(ids[1] ?? '')).toEqual([{ step: 'two', offset: 103, text: ' more' }]);
    expect(await after(ids[2] ?? '')).toEqual([]);
    for (const nonsense of ['1-999999', 'x', '-1', '9999-1'])
      expect((await after(nonsense)).length).toBeLessThan(3);
  });

  it('begins again with the output of a step that is retried', async () => {
    const run = await start(shell('one'));
    await (
      await claim()
    )({ output: 'first', offset: 0, exit_code: 1, finished: true });
    const { seen: before, closed } = await follow(run);
    await closed;
    expect(before.at(-1)).toMatchObject({ name: 'done', data: { status: 'failed' } });
    await act(run, 'retry');
    const last = before.find(({ name }) => name === 'output')?.id ?? '';
    const again = await follow(run, { 'last-event-id': last });
    await (
      await claim()
    )({ output: 'second', offset: 0, exit_code: 0, finished: true });
    await again.closed;
    expect(outputs(again.seen)).toEqual([{ step: 'one', offset: 0, text: 'second' }]);
  });

  it('is not found for another tenant', async () => {
    const run = await start(MANUAL);
    const stranger = await plane.tenantWithAdmin(`stranger-${count}`);
    const headers = {
      authorization: `Bearer ${stranger.admin.session}`,
      'x-tenant-id': stranger.tenant.tenant_id,
    };
    expect((await open(run, headers)).status).toBe(404);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['signs out', () => plane.post('/api/auth/logout', {}, admin).expect(204)],
    ['belongs to a suspended tenant', () => plane.tenant(tenant.slug, { ...tenant, status: 'suspended' })],
    [
      'belongs to a tenant that has moved away',
      () => plane.tenant(tenant.slug, { ...tenant, phase: 'retired', moved_to: 'https://elsewhere.example' }),
    ],
    [
      'is demoted',
      async () => {
        const { session } = await plane.user(tenant, 'admin');
        await plane.patch(`/api/users/${admin.id}`, { role: 'requester' }, { session }).expect(200);
      },
    ],
  ])('closes if the user %s', async (_what, end) => {
    const { seen, closed } = await follow(await start(MANUAL));
    await eventually(() => seen.length > 0);
    await end();
    await plane.app.get(OngoingAnswers).look();
    await closed;
    expect(seen.map(({ name }) => name)).toEqual(['step']);
  });

  it('is limited to ten for each user, until one is closed', async () => {
    const run = await start(MANUAL);
    const streams = [];
    for (let index = 0; index < 10; index += 1) streams.push(await follow(run));
    const refused = await open(run);
    expect([refused.status, await refused.json()]).toEqual([
      429,
      expect.objectContaining({ code: 'too_many_streams' }),
    ]);
    await act(run, 'complete');
    await Promise.all(streams.map(({ closed }) => closed));
    await eventually(async () => (await open(run)).status === 200);
  });

  it('leaves connections to others, even if there are many of them', async () => {
    const run = await start(MANUAL);
    const { tenants } = plane;
    const look = tenants.snapshot.bind(tenants);
    let [looks, atOnce, most] = [0, 0, 0];
    const looking = jest.spyOn(tenants, 'snapshot').mockImplementation(async (...given) => {
      looks += 1;
      atOnce += 1;
      most = Math.max(most, atOnce);
      try {
        return await look(...given);
      } finally {
        atOnce -= 1;
      }
    });
    const streams = await Promise.all(Array.from({ length: 10 }, () => follow(run)));
    await eventually(() => looks >= 10);
    await act(run, 'complete');
    await Promise.all(streams.map(({ closed }) => closed));
    looking.mockRestore();
    expect([looks >= 20, most]).toEqual([true, 1]);
  });

  // Last, because no stream can be opened afterwards.
  it('closes when the process shuts down', async () => {
    const { closed } = await follow(await start(MANUAL));
    plane.app.get(EventStreams).beforeApplicationShutdown();
    await closed;
  });
});

function parsed(block: string): Event {
  const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/, 2) as [string, string]));
  const data = JSON.parse(fields.get('data') ?? '{}') as Record<string, unknown>;
  return { id: fields.get('id') ?? null, name: fields.get('event') ?? '', data };
}
