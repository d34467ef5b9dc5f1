import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RecordingTerminal } from '../../test/recording-terminal.fixture';
import { StubApi } from '../../test/stub-api.fixture';
import { runCommandLine } from '../command-line';
import { tenantPlaneProgram } from '../tenant-plane/commands';
import { ROWS } from './commands';

const TOKEN = 'atu_01890000-0000-7000-8000-000000000001_secret-of-the-session';

describe('the commands for a tenant', () => {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-tenant-'));
  const session = join(folder, 'session');
  let api: StubApi;
  let terminal: RecordingTerminal;

  beforeAll(() => writeFileSync(session, `${TOKEN}\n`));
  afterAll(() => rmSync(folder, { recursive: true }));
  beforeEach(async () => {
    // Stands in for the tenant plane.
    api = await StubApi.start();
    terminal = new RecordingTerminal();
  });
  afterEach(() => api.stop());

  const runAs = (words: readonly string[], connection: readonly string[]): Promise<number> =>
    runCommandLine([...words, ...connection], tenantPlaneProgram(terminal), terminal);
  const run = (...words: string[]): Promise<number> =>
    runAs(words, ['--url', api.url, '--session-file', session]);
  const alert = (id: string) => ({
    id,
    status: 'firing',
    count: 2,
    labels: { ci: 'web-1' },
    incident_id: null,
    silence_id: 's1',
  });

  it('list pages with filters, up to a limit', async () => {
    api.answers = {
      'GET /api/alerts?limit=200&status=firing': [{ body: { items: [alert('a1')], next_cursor: 'a1' } }],
      'GET /api/alerts?limit=200&status=firing&cursor=a1': [
        { body: { items: [alert('a2'), alert('a3')], next_cursor: null } },
      ],
    };
    expect(await run('alerts', 'list', '--status', 'firing', '--limit', '2')).toBe(0);
    expect(terminal.written).toMatch(/^STATUS +COUNT .*\nfiring +2 .* ci=web-1 +silenced\nfiring .*\n$/);
    expect(terminal.complaints).toContain('There are more alerts');
    expect(api.calls[0]?.key).toBe(`Bearer ${TOKEN}`);
  });

  it('list one JSON object per line', async () => {
    api.answers = {
      'GET /api/alerts?limit=200': [{ body: { items: [alert('a1'), alert('a2')], next_cursor: null } }],
    };
    expect(await run('alerts', 'list', '--json')).toBe(0);
    const lines = terminal.written.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([alert('a1'), alert('a2')]);
  });

  it('show an incident with its timeline', async () => {
    const incident = { number: 'INC-1', ci_ids: ['c1', 'c2'], sla: { status: 'met', responded_at: null } };
    const items = [{ id: 't1', at: '2026-01-01T00:00:00Z', kind: 'note', data: { text: 'Rebooted\nweb-2' } }];
    api.answers = {
      'GET /api/incidents/i1': [{ body: incident }],
      'GET /api/incidents/i1/timeline?limit=200': [{ body: { items, next_cursor: null } }],
    };
    expect(await run('incidents', 'show', 'i1')).toBe(0);
    expect(terminal.written).toContain(
      '  number            INC-1\n  ci ids            c1, c2\n' +
        '  sla status        met\n  sla responded at  -\n',
    );
    expect(terminal.written).toContain('note  Rebooted web-2\n');
    expect(await run('incidents', 'show', 'i1', '--json')).toBe(0);
    expect(terminal.written.split('\n').at(-2)).toBe(JSON.stringify({ ...incident, timeline: items }));
  });

  it('send the options as fields', async () => {
    api.answers = { 'POST /api/runbooks/r1/runs': [{ status: 202, body: { id: 'j1', steps: [] } }] };
    expect(await run('runbooks', 'run', 'r1', '--parameters', 'host=web-2,port=80', '--dry-run')).toBe(0);
    expect(api.calls[0]?.body).toEqual({ parameters: { host: 'web-2', port: '80' }, dry_run: true });
  });

  it('take secret parameters from a file', async () => {
    api.answers = { 'POST /api/runbooks/r1/runs': [{ status: 202, body: { id: 'j1', steps: [] } }] };
    writeFileSync(join(folder, 'values'), 'token=a,b\n');
    const file = ['--parameters-file', join(folder, 'values')];
    expect(await run('runbooks', 'run', 'r1', '--parameters', 'host=web-2', ...file)).toBe(0);
    expect(api.calls[0]?.body).toEqual({ parameters: { host: 'web-2', token: 'a,b' } });
  });

  it.each([
    ['agents create --name a', 'POST /api/agents', { agent: { id: 'a1', name: 'a' }, key: 'aga_secret' }],
    ['agents rotate-key a1', 'POST /api/agents/a1/rotate-key', { agent: { id: 'a1' }, key: 'aga_secret' }],
    [
      'data-sources create --name s --kind generic',
      'POST /api/data-sources',
      { id: 's1', key: 'ads_secret', ingest_url: 'https://acme.example.com/api/ingest/generic/ads_secret' },
    ],
  ])('write only the key to standard output: %s', async (words, call, body) => {
    api.answers = { [call]: [{ status: 201, body }] };
    expect(await run(...words.split(' '))).toBe(0);
    expect(terminal.written).toBe(`${body.key}\n`);
    expect(terminal.complaints).toContain('shown only now');
    expect(terminal.complaints).not.toContain('_secret');
  });

  it('say what was deleted', async () => {
    api.answers = { 'DELETE /api/agents/a1': [{ status: 204, body: '' }] };
    expect(await run('agents', 'delete', 'a1')).toBe(0);
    expect(terminal.written).toBe('Deleted the agent.\n');
  });

  it('write an OpenSLO document as it is', async () => {
    api.answers = { 'GET /api/slos/s1/openslo': [{ body: 'apiVersion: openslo/v1\n' }] };
    expect(await run('slos', 'export', 's1')).toBe(0);
    expect(terminal.written).toBe('apiVersion: openslo/v1\n');
  });

  const event = (type: string, data: object, id?: string): string =>
    `${id === undefined ? '' : `id: ${id}\n`}event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
  const step = { name: 'restart', status: 'running', exit_code: null, error: null };

  it.each([
    ['succeeded', 0],
    ['failed', 1],
    ['cancelled', 1],
  ])('watch a run until it has %s, also if the connection breaks', async (end, code) => {
    const began = event('step', step);
    const output = (text: string, id: string): string => event('output', { step: 'restart', text }, id);
    const ended = event('step', { ...step, status: end, exit_code: 0 }) + event('done', { status: end });
    api.answers = {
      'GET /api/automation/jobs/j1/events': [
        { stream: began + output('ok\u001b[2J\n', '0-7'), breaks: true },
        { stream: began + output('done\n', '0-12') + ended },
      ],
    };
    expect(await run('runs', 'watch', 'j1')).toBe(code);
    const last = `restart: ${end} (exit code 0)\nThe run ${end === 'cancelled' ? 'was' : 'has'} ${end}.\n`;
    expect(terminal.written).toBe(`restart: running\n  ok [2J\n  done\n${last}`);
    expect(terminal.complaints).toContain('Connecting again');
    expect(api.calls.map(({ lastEventId }) => lastEventId)).toEqual([undefined, '0-7']);
  });

  it('stop watching a run that does not exist', async () => {
    expect(await run('runs', 'watch', 'j2')).toBe(1);
    expect(api.calls).toHaveLength(1);
  });

  it.each([
    [
      'manual',
      { instructions: 'Is web-1 down?\nLook at the console.' },
      'A person has to do "look up":\n  Is web-1 down?\n  Look at the console.\n' +
        'When it is done: atlas-tp runs complete j1',
    ],
    [
      'shell',
      { command: 'restart', args: ['web 1'], shell: false },
      '"look up" waits for approval. Level 1.\n' +
        "  restart 'web 1'\nNext: atlas-tp runs approve j1 --step 'look up'",
    ],
    [
      'http',
      { method: 'POST', url: 'https://api.example.com/', body: { n: 1 } },
      'Level 1.\n  POST https://api.example.com/\n  {"n":1}\nNext: ',
    ],
  ])('say what a %s step does that waits for a person, and how to go on', async (kind, config, text) => {
    const status = kind === 'manual' ? 'waiting_manual' : 'waiting_approval';
    const approval = { state: 'waiting', reason: 'Level 1.' };
    const waiting = { ...step, name: 'look up', kind, status, config, approval, output_tail: '' };
    const parameters = { host: 'web-1' };
    api.answers = {
      'GET /api/automation/jobs/j1': [{ body: { id: 'j1', parameters, steps: [waiting] } }],
      'GET /api/automation/jobs/j1/events': [
        { stream: event('step', waiting) + event('done', { status: 'succeeded' }) },
      ],
    };
    expect(await run('runs', 'show', 'j1')).toBe(0);
    expect(await run('runs', 'watch', 'j1')).toBe(0);
    expect(terminal.written).toContain('  parameters  host=web-1\n');
    expect(terminal.written.split(text)).toHaveLength(3);
    expect(terminal.written).toContain(` --url ${api.url} --session-file ${session}\n`);
  });

  it('say that a step waits for an agent', async () => {
    const queued = { ...step, kind: 'shell', status: 'queued', output_tail: '' };
    api.answers = { 'POST /api/automation/jobs/j1/approve': [{ body: { id: 'j1', steps: [queued] } }] };
    expect(await run('runs', 'approve', 'j1', '--step', 'restart')).toBe(0);
    expect(terminal.written).toContain('"restart" waits for an agent.');
    expect(terminal.written).toContain('atlas-tp agents list --url ');
  });

  it('never show control characters from the output of a step', async () => {
    const steps = [{ ...step, output_tail: 'ok\u001b[2J\u0007\n' }];
    api.answers = { 'GET /api/automation/jobs/j1': [{ body: { id: 'j1', steps } }] };
    expect(await run('runs', 'show', 'j1')).toBe(0);
    expect(terminal.written).toContain('Output of "restart":\n  ok [2J \n');
  });

  it('name the option whose value the plane refuses', async () => {
    const errors = [{ field: 'ends_at', message: 'ends_at must be in the future' }];
    api.answers = {
      'POST /api/silences': [{ status: 400, body: { code: 'validation_failed', detail: 'No.', errors } }],
    };
    const words = ['--matchers', 'ci=web-1', '--for', '1h', '--comment', 'x'];
    expect(await run('silences', 'create', ...words)).toBe(1);
    expect(terminal.complaints).toContain('--for must be in the future');
  });

  it('say where to find an id', async () => {
    const errors = [{ field: 'id', message: 'id must be a UUID' }];
    api.answers = {
      'GET /api/automation/jobs/INC-1': [{ status: 400, body: { code: 'validation_failed', errors } }],
    };
    expect(await run('runs', 'show', 'INC-1')).toBe(1);
    expect(terminal.complaints).toMatch(/- id must be a UUID\n.*\n.*"atlas-tp runs list"/);
  });

  it.each([
    [0.9994120072452258, 'attained   99.9412 %: 1246 of 1247 events'],
    [null, 'attained   -'],
  ])('show the status of an objective in words and percent', async (attainment, line) => {
    const rate = {
      severity: 'ticket',
      long: '3d',
      short: '6h',
      factor: 1,
      long_rate: 0.229423175,
      short_rate: 0,
    };
    const body = {
      state: 'ok',
      objective: 0.999,
      good: 1246,
      total: 1247,
      attainment,
      budget: { total: 1.247, spent: 1, remaining_ratio: 0.198075 },
      burn_rates: [{ ...rate, firing: false }],
    };
    api.answers = { 'GET /api/slos/s1/status': [{ body }] };
    expect(await run('slos', 'status', 's1')).toBe(0);
    expect(terminal.written).toContain(line);
    expect(terminal.written).toContain('budget     19.8075 % left: 1 of 1.247 bad events\n');
    expect(terminal.written).toMatch(/^P3 +1 +3d and 6h +0.229423 and 0 +no$/m);
  });

  const LEASE = {
    serial: 1_798_000_000_000,
    issued_at: '2026-12-23T04:26:40.000Z',
    expires_at: '2027-01-22T04:26:40.000Z',
    state: 'late',
    next_effect_at: '2027-01-08T04:26:40.000Z',
  };
  const granted = {
    plan: 'core',
    modules: ['incidents', 'slos'],
    limits: { users: 50, ai_credits_per_month: 500 },
    usage: { users: 7 },
    read_only: null,
    lease: LEASE,
  };

  it('show the plan, what is used of each limit, and the lease in words', async () => {
    api.answers = { 'GET /api/entitlements': [{ body: granted }] };
    expect(await run('entitlements')).toBe(0);
    expect(terminal.written).toMatch(/ plan +core\n +modules +incidents, slos\n +paid extras +work\n/);
    expect(terminal.written).toMatch(
      / lease +late: it should have been renewed by now, but everything works\n/,
    );
    expect(terminal.written).toMatch(
      / next change +\w+, 8 Jan 2027, .*, unless a new lease arrives before\n/,
    );
    expect(terminal.written).toMatch(/^LIMIT +USED +OF\nusers +7 +50\nai credits per month +- +500\n$/m);
  });

  it.each([
    [{ read_only: 'past_due' }, /paid extras +read-only, because a bill is unpaid\n/],
    [
      { read_only: 'lease_expired', lease: { ...LEASE, state: 'expired', next_effect_at: null } },
      /read-only, because the lease has expired\n[^]*lease +expired: [^]*next change +none\n/,
    ],
    [{ lease: null }, /lease +none yet: the plan decides\n/],
    [{ retention_from: '2027-01-08T04:26:40.000Z' }, /old history +is deleted from Fri, 8 Jan 2027, .* on\n/],
  ])('show entitlements with %j', async (changes, text) => {
    api.answers = { 'GET /api/entitlements': [{ body: { ...granted, ...changes } }] };
    expect(await run('entitlements')).toBe(0);
    expect(terminal.written).toMatch(text);
  });

  it('show what works without the Control Plane, now and at each stage', async () => {
    const step = (after: string, behaviour: string) => ({ after, behaviour, text: 'Text.' });
    const stages = [
      step('PT0S', 'works'),
      step('PT1H', 'works'),
      step('P1D', 'works'),
      step('P30D', 'degraded'),
    ];
    const body = {
      control_plane: { reachable: false, last_contact_at: null },
      stage: 'P30D',
      capabilities: [{ key: 'slos', title: 'SLOs', now: 'degraded', stages }],
    };
    api.answers = { 'GET /api/outage-contract': [{ body }] };
    expect(await run('outage-contract')).toBe(0);
    expect(terminal.written).toMatch(
      / Control Plane +unreachable\n +last contact +never\n +stage +after 30 days\n/,
    );
    expect(terminal.written).toMatch(
      / AT ONCE +AFTER 1 H +AFTER 1 DAY +AFTER 30 DAYS\nSLOs +degraded( +works){3} +degraded\n$/,
    );
    terminal.written = '';
    expect(await run('outage-contract', '--json')).toBe(0);
    expect(JSON.parse(terminal.written)).toEqual(body);
  });

  it('use the demo tenant of the local stack unless told otherwise', async () => {
    const stack = { tenant_plane: { url: api.url }, demo_tenant: { token: TOKEN } };
    writeFileSync(join(folder, 'dev-stack.json'), JSON.stringify(stack));
    api.answers = { 'GET /api/silences?limit=200': [{ body: { items: [], next_cursor: null } }] };
    expect(await runAs(['silences', 'list'], ['--data-dir', folder])).toBe(0);
    expect(terminal.written).toBe('No silences.\n');
    expect(terminal.complaints).toBe(`Using the demo tenant of the local stack at ${api.url}\n`);
  });

  it.each([
    ['only an address', ['--url', 'https://acme.example.com'], 'belong together'],
    ['only a session', ['--session-file', session], 'belong together'],
    [
      'both a tenant and a local stack',
      ['--url', 'https://acme.example.com', '--data-dir', folder],
      'Leave out',
    ],
    ['a folder without a local stack', ['--data-dir', join(folder, 'none')], 'No tenant is specified'],
  ])('refuse %s', async (_, connection, complaint) => {
    expect(await runAs(['agents', 'list'], connection)).toBe(2);
    expect(terminal.complaints).toContain(complaint);
    expect(terminal.complaints).not.toContain('secret-of');
  });
});

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Route>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, { readonly properties?: object }>> };
}

interface Route {
  readonly parameters?: readonly { readonly name: string }[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: { readonly $ref?: string } }>>;
  };
}

describe('ROWS', () => {
  const text = readFileSync(join(__dirname, '../../../../docs/openapi/tenant-plane.json'), 'utf8');
  const { paths, components } = JSON.parse(text) as OpenApi;

  it.each(ROWS.filter(({ operation }) => operation !== undefined))(
    'include $name, which sends only fields that the tenant plane accepts',
    ({ operation = '', options, operand }) => {
      const [method = '', path = ''] = operation.split(' ');
      const route = paths[path.replace(':id', '{id}')]?.[method.toLowerCase()];
      const schema = route?.requestBody?.content['application/json']?.schema.$ref?.split('/').at(-1) ?? '';
      const known = [
        ...(route?.parameters ?? []).map(({ name }) => name),
        ...Object.keys(components.schemas[schema]?.properties ?? {}),
      ];
      expect(known).toEqual(expect.arrayContaining(options.flatMap(({ field }) => field ?? [])));
      expect(path.includes(':id')).toBe(operand !== undefined);
    },
  );
});
