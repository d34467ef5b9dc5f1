import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atlasWith } from '../../test/program.fixture';
import { RecordingTerminal } from '../../test/recording-terminal.fixture';
import { StubApi } from '../../test/stub-api.fixture';
import { jobView, tenantView } from '../../test/views.fixture';
import { runCommandLine } from '../command-line';
import { OPERATIONS } from './commands';
import { operationCommand } from './operation.command';
import { type Operation } from './operations/operation';
import { REAL_SURROUNDINGS, asCommand } from './operator-command';

describe(operationCommand.name, () => {
  let api: StubApi;
  let terminal: RecordingTerminal;
  beforeAll(async () => (api = await StubApi.start()));
  beforeEach(() => {
    terminal = new RecordingTerminal();
    api.calls.length = 0;
    api.answers = {
      'GET /api/tenants/acme': [{ body: tenantView({ slug: 'acme' }) }],
      'GET /api/tenant-planes?limit=200': [
        { body: { items: [{ id: 'plane-1', name: 'eu-1' }], next_cursor: null } },
      ],
    };
  });
  afterAll(() => api.stop());

  const atlas = (...words: string[]): Promise<number> => {
    const env = { ATLAS_URL: api.url, ATLAS_API_KEY: 'aok_key' };
    const commands = OPERATIONS.map((operation) =>
      asCommand(operationCommand(operation), terminal, { ...REAL_SURROUNDINGS, env }),
    );
    return runCommandLine(words, atlasWith(...commands), terminal);
  };

  it.each([
    [['restore', 'acme'], '/api/tenants/tenant-1/restore', {}],
    [
      ['deprovision', 'acme', '--confirm', 'acme'],
      '/api/tenants/tenant-1/deprovision',
      { confirm_slug: 'acme' },
    ],
    [
      ['deprovision', 'acme', '--confirm', 'acme', '--accept-data-loss'],
      '/api/tenants/tenant-1/deprovision',
      { confirm_slug: 'acme', accept_data_loss: true },
    ],
    [
      ['rotate-secret', 'eu-1', '--mode', 'compromised'],
      '/api/tenant-planes/plane-1/rotate-secret',
      { mode: 'compromised' },
    ],
    [['upgrade', 'eu-1', '--version', '1.2.3'], '/api/tenant-planes/plane-1/upgrade', { version: '1.2.3' }],
    [
      ['upgrade-wave', '--region', 'eu', '--batch-size', '3', '--max-failures', '1'],
      '/api/tenant-planes/upgrades',
      { region: 'eu', batch_size: 3, max_failures: 1 },
    ],
    [
      ['token', 'acme', '--token-ttl', '60'],
      '/api/tenants/tenant-1/provisioning-tokens',
      { token_ttl_seconds: 60 },
    ],
    [['cancel', 'job-1'], '/api/provisioning-jobs/job-1/cancel', {}],
    [
      ['billing', 'acme', '--state', 'past_due'],
      '/api/tenants/tenant-1/billing-state',
      { state: 'past_due' },
    ],
    [
      ['operators', 'add', '--email', 'ann@example.com', '--role', 'support'],
      '/api/operators',
      { email: 'ann@example.com', role: 'support' },
    ],
    [
      ['api-keys', 'create', '--name', 'ci', '--scopes', 'tenants:read,jobs:read', '--ttl', '60'],
      '/api/api-keys',
      { name: 'ci', scopes: ['tenants:read', 'jobs:read'], ttl_seconds: 60 },
    ],
  ])('sends the right request for the command %j', async (words, path, body) => {
    api.answers[`POST ${path}`] = [{ status: 202, body: {} }];
    expect(await atlas(...words)).toBe(0);
    expect(api.calls.at(-1)).toEqual({ call: `POST ${path}`, body, key: 'Bearer aok_key' });
  });

  it.each([
    [['operators', 'disable', 'Ann@Example.com'], 'PATCH /api/operators/ann-1', { disabled: true }],
    [['operators', 'enable', 'ann-1'], 'PATCH /api/operators/ann-1', { disabled: false }],
    [['operators', 'role', 'ann-1', '--role', 'admin'], 'PATCH /api/operators/ann-1', { role: 'admin' }],
    [['api-keys', 'revoke', 'abc'], 'DELETE /api/api-keys/abc', undefined],
  ])('sends the change that %j requests, and confirms it', async (words, call, body) => {
    const operators = [{ id: 'ann-1', email: 'ann@example.com' }];
    api.answers['GET /api/operators?limit=200'] = [{ body: { items: operators, next_cursor: null } }];
    api.answers[call] = [body ? { body: operators[0] } : { status: 204 }];
    expect(await atlas(...words)).toBe(0);
    expect(api.calls.at(-1)).toMatchObject({ call, ...(body && { body }) });
    expect(terminal.written).toMatch(/^(Disabled|Enabled|Changed|Revoked)/);
  });

  describe('change-plan', () => {
    const CALL = 'PATCH /api/tenants/tenant-1';
    const patches = () => api.calls.filter(({ call }) => call === CALL).map(({ body }) => body);

    it.each([
      [['--plan', 'operations'], { plan: 'operations' }],
      [
        ['--limits', 'agents=12,users=80', '--modules', 'ai_runbook_drafts,slos'],
        { plan_overrides: { limits: { agents: 12, users: 80 }, modules: ['ai_runbook_drafts', 'slos'] } },
      ],
      [['--plan', 'core', '--no-agreement'], { plan: 'core', plan_overrides: null }],
    ])('sends %j', async (options, body) => {
      api.answers[CALL] = [{ body: tenantView({ slug: 'acme', url: 'https://acme.atlas.example' }) }];
      expect(await atlas('change-plan', 'acme', ...options)).toBe(0);
      expect(patches()).toEqual([body]);
      expect(terminal.written).toBe('Changed.\n');
    });

    it.each([
      [[], 'There is nothing to change'],
      [['--limits', 'agents=many'], '"agents=many" is not a limit'],
      [['--limits', 'agents=1', '--no-agreement'], 'cannot be combined'],
    ])('sends nothing if it is given %j', async (options, complaint) => {
      expect(await atlas('change-plan', 'acme', ...options)).toBe(2);
      expect(terminal.complaints).toContain(complaint);
      expect(patches()).toEqual([]);
    });
  });

  it('watches the job that suspends a tenant whose bill is unpaid', async () => {
    const tenant = tenantView({ slug: 'acme' });
    const job = jobView({ operation: 'suspend', status: 'succeeded' });
    api.answers['POST /api/tenants/tenant-1/billing-state'] = [{ body: { tenant, job } }];
    api.answers[`GET /api/provisioning-jobs/${job.id}`] = [{ body: job }];
    expect(await atlas('billing', 'acme', '--state', 'suspended')).toBe(0);
    expect(terminal.written).toContain('suspend acme (job job-1)');
    api.answers['POST /api/tenants/tenant-1/billing-state'] = [{ body: { tenant, job: null } }];
    terminal.written = '';
    expect(await atlas('billing', 'acme', '--state', 'past_due')).toBe(0);
    expect(terminal.written).toBe('Recorded.\n');
  });

  describe('record-infrastructure', () => {
    const folder = mkdtempSync(join(tmpdir(), 'atlas-infrastructure-'));
    const file = join(folder, 'db-url');
    const record = () =>
      atlas(
        'record-infrastructure',
        'acme',
        '--endpoint-url',
        'https://acme.example.com',
        '--db-url-file',
        file,
      );
    const puts = () => api.calls.filter(({ call }) => call.startsWith('PUT'));
    afterAll(() => rmSync(folder, { recursive: true }));

    it('sends nothing if the file is missing or contains no database URL', async () => {
      expect(await record()).toBe(2);
      writeFileSync(file, '\n');
      expect(await record()).toBe(2);
      expect(terminal.complaints).toMatch(
        /Cannot read the file given as --db-url-file[^]*--db-url-file, is empty/,
      );
      expect(puts()).toEqual([]);
    });

    it('takes the database URL from a file and shows no password', async () => {
      const url = 'postgres://acme:its-password@db.example.com/acme';
      writeFileSync(file, `${url}\n`);
      const call = 'PUT /api/tenants/tenant-1/infrastructure';
      api.answers[call] = [{ body: tenantView({ slug: 'acme', url: 'https://acme.atlas.example' }) }];
      expect(await record()).toBe(0);
      const body = { endpoint_url: 'https://acme.example.com', db_url: url };
      expect(puts()).toEqual([{ call, body, key: 'Bearer aok_key' }]);
      expect(terminal.written).toBe('Recorded. A job that was waiting for this continues.\n');
    });
  });

  it('shows a new API key and a reset link', async () => {
    const until = '2026-01-02T00:00:00.000Z';
    const operators = [{ id: 'ann-1', email: 'ann@example.com' }];
    api.answers['GET /api/operators?limit=200'] = [{ body: { items: operators, next_cursor: null } }];
    api.answers['POST /api/api-keys'] = [{ status: 201, body: { key: 'aok_new', expires_at: until } }];
    const url = 'https://control.atlas.example/reset-password#token=aor_x';
    api.answers['POST /api/operators/ann-1/reset-link'] = [{ status: 201, body: { url, expires_at: until } }];
    await atlas('api-keys', 'create', '--name', 'ci', '--scopes', 'tenants:read');
    await atlas('operators', 'reset-link', 'ann@example.com');
    expect(terminal.written).toMatch(
      new RegExp(
        `valid until ${until}:\n\n {2}aok_new\n.*password here\\. The link can be used[^]*#token=aor_x\n`,
      ),
    );
  });

  it('names the option, not the request field, if the API refuses its value', async () => {
    const problem = {
      code: 'validation_failed',
      detail: 'The request is not valid. Invalid fields: token_ttl_seconds, slug.',
      errors: [
        { field: 'token_ttl_seconds', message: 'token_ttl_seconds must not be less than 60' },
        { field: 'slug', message: 'use a string' },
      ],
    };
    const { errors } = problem;
    api.answers['POST /api/tenants/provision'] = [{ status: 400, body: problem }];
    const acme = [
      '--name',
      'Acme',
      '--model',
      'shared',
      '--admin-email',
      'ann@acme.example',
      '--token-ttl',
      '1',
    ];
    expect(await atlas('provision', ...acme, '--slug', 'x')).toBe(1);
    expect(terminal.complaints).toContain(
      'The request is not valid.\n  - --token-ttl must not be less than 60\n  - --slug: use a string\n',
    );
    terminal.complaints = '';
    api.answers['POST /api/tenants/provision'] = [{ status: 400, body: problem }];
    expect(await atlas('provision', ...acme, '--json')).toBe(1);
    expect(JSON.parse(terminal.complaints)).toMatchObject({ code: problem.code, status: 400, errors });
  });

  it('suggests a command with the connection options that were given', async () => {
    const tenant = tenantView({ slug: 'acme' });
    const job = jobView({ status: 'succeeded' });
    api.answers['POST /api/tenants/provision'] = [{ status: 202, body: { tenant, job } }];
    api.answers[`GET /api/provisioning-jobs/${job.id}`] = [{ body: job }];
    const acme = ['--name', 'Acme', '--model', 'shared', '--admin-email', 'ann@acme.example'];
    expect(await atlas('provision', ...acme, '--url', api.url)).toBe(0);
    expect(terminal.written).toContain(`Next: atlas signup-link acme --url ${api.url}\n`);
  });

  it('says how to list the tenants if no tenant has the given slug', async () => {
    const problem = { code: 'tenant_not_found', detail: 'There is no such tenant.' };
    api.answers['GET /api/tenants/acm'] = [{ status: 404, body: problem }];
    expect(await atlas('suspend', 'acm')).toBe(1);
    expect(terminal.complaints).toBe('There is no tenant "acm".\nList them: atlas tenants\n');
  });

  it.each([
    ['if --confirm gives a different slug', ['--confirm', 'acne']],
    ['without --confirm', []],
  ])('refuses to deprovision a tenant %s', async (_, confirmation) => {
    expect(await atlas('deprovision', 'acme', ...confirmation)).toBe(2);
    expect(api.calls.filter(({ call }) => call.startsWith('POST'))).toEqual([]);
  });

  it('shows in a dry run which tenant planes each batch of an upgrade wave contains', async () => {
    const plane = (name: string) => ({ name, version: '1.2.2' });
    const steps = [{ name: 'upgrade-canary', description: 'Upgrade one', creates: [] }];
    const plan = {
      steps,
      install_required: false,
      to: '1.2.3',
      waves: [[plane('a')], [plane('b'), plane('c')]],
    };
    api.answers['POST /api/tenant-planes/upgrades?dry_run=true'] = [{ body: { plan } }];
    expect(await atlas('upgrade-wave', '--dry-run')).toBe(0);
    expect(terminal.written).toMatch(
      /nothing was changed[^]*upgraded to 1\.2\.3 in this order[^]*1\. a \(1\.2\.2\)\n/,
    );
    expect(terminal.written).toMatch(/1\. a \(1\.2\.2\)\n +2\. b \(1\.2\.2\), c \(1\.2\.2\)\n/);
  });

  it('shows an install bundle as text and as JSON', async () => {
    const install = {
      env: { ATLAS_PROVISIONING_TOKEN: 'atp_x' },
      commands: { npx: 'npx atlas-tp run', docker: 'docker run' },
      expires_at: '2026-01-02T00:00:00.000Z',
    };
    api.answers['POST /api/tenants/tenant-1/provisioning-tokens'] = [{ status: 201, body: { install } }];
    expect(await atlas('token', 'acme')).toBe(0);
    expect(terminal.written).toMatch(/shown only once[^]*\nATLAS_PROVISIONING_TOKEN=atp_x\n/);
    expect(terminal.written).toMatch(/with the image:\n {2}docker run\n/);
    expect(terminal.written).toMatch(
      /is a checkout of Atlas, this works too, after "npm ci && npm run build":\n {2}npx atlas-tp run\n/,
    );
    terminal.written = '';
    expect(await atlas('token', 'acme', '--json')).toBe(0);
    expect(JSON.parse(terminal.written)).toEqual({ install });
  });
});

interface OpenApi {
  readonly paths: Record<
    string,
    Record<
      string,
      {
        parameters: { name: string }[];
        requestBody?: { content: Record<string, { schema: { $ref: string } }> };
      }
    >
  >;
  readonly components: { schemas: Record<string, { properties: object }> };
}

describe('OPERATIONS', () => {
  const text = readFileSync(join(__dirname, '../../../../docs/openapi/control-plane.json'), 'utf8');
  const { paths, components } = JSON.parse(text) as OpenApi;
  const routeOf = ({ operation }: Operation) => {
    const [method = '', path = ''] = operation.split(' ');
    return paths[path.replace(':id', '{id}')]?.[method.toLowerCase()];
  };

  it('offer --dry-run only for routes in the API description', () => {
    expect(OPERATIONS.filter((operation) => operation.canRehearse && !routeOf(operation))).toEqual([]);
  });

  it.each(OPERATIONS.filter(routeOf))(
    'include $name, which sends only fields that the Control Plane accepts',
    (operation) => {
      const { parameters, requestBody } = routeOf(operation) ?? { parameters: [] };
      const schema = requestBody?.content['application/json']?.schema.$ref.split('/').at(-1) ?? '';
      const known = Object.keys(components.schemas[schema]?.properties ?? {});
      const fields = [
        ...operation.options.flatMap(({ field }) => field?.split('.')[0] ?? []),
        ...Object.keys(operation.body ?? {}),
      ];
      expect(known).toEqual(expect.arrayContaining([...fields, operation.confirm ?? []].flat()));
      // A route that ignores `dry_run` would execute the request.
      if (operation.canRehearse) expect(parameters.map(({ name }) => name)).toContain('dry_run');
    },
  );
});
