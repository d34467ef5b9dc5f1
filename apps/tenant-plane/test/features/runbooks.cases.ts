import { randomUUID } from 'node:crypto';
import { TenantScope } from '@atlas/persistence';
import { type DesiredTenant } from '@atlas/plane-contract';
import { type RunbookView } from '@atlas/tenant-api/runbooks';
import { EVERY_DATABASE } from '@atlas/testing';
import { Audit } from '../../src/audit/audit';
import { RunbookVersion } from '../../src/runbooks/runbook-version.entity';
import { allowAddresses } from '../allow-addresses.fixture';
import { Pause, endedOrWaiting } from '../pause.fixture';
import { type CallOptions, TestTenantPlane } from '../tenant-plane.fixture';

const SHELL = { name: 'restart', kind: 'shell', risk: 'high', config: { command: 'systemctl' } };
const MANUAL = { name: 'look', kind: 'manual', risk: 'low', config: {} };
const HTTP = {
  name: 'call',
  kind: 'http',
  risk: 'low',
  config: { method: 'POST', url: 'https://example.com/{{host}}' },
};

describe.each(EVERY_DATABASE)('runbooks on %s', (driver) => {
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let admin: CallOptions;
  let count = 0;

  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver);
    allowAddresses(plane);
  });
  afterAll(() => plane.close());
  beforeEach(async () => ({ tenant, admin } = await plane.tenantWithAdmin(`acme-${(count += 1)}`)));

  const send = (fields: object = {}, by: CallOptions = admin) =>
    plane.post('/api/runbooks', { name: 'Restart', steps: [MANUAL], ...fields }, by);
  const create = async (fields: object = {}): Promise<RunbookView> => (await send(fields).expect(201)).body;
  const replace = (id: string, fields: object = {}) =>
    plane.put(`/api/runbooks/${id}`, { name: 'Restart', steps: [MANUAL], ...fields }, admin);
  const refusal = ({ status, body }: { status: number; body: { code: string } }) => [status, body.code];

  it('are stored with defaults, listed, shown and audited', async () => {
    const parameters = [{ name: 'host', required: true, enum: ['web-1', 'web-2'], pattern: 'web-\\d' }];
    const runbook = await create({ parameters, steps: [SHELL, HTTP, MANUAL] });
    expect(runbook).toEqual({
      id: expect.any(String),
      name: 'Restart',
      description: null,
      version: 1,
      created_at: expect.any(String),
      updated_at: expect.any(String),
      archived_at: null,
      parameters: [{ ...parameters[0], secret: false }],
      steps: [
        { ...SHELL, ...DEFAULTS, config: { command: 'systemctl', args: [], shell: false } },
        { ...HTTP, ...DEFAULTS, config: { ...HTTP.config, headers: {}, body: null, expect_status: null } },
        { ...MANUAL, ...DEFAULTS, config: { instructions: null } },
      ],
    });
    expect((await plane.get(`/api/runbooks/${runbook.id}`, admin).expect(200)).body).toEqual(runbook);
    const { body } = await plane.get('/api/runbooks', admin).expect(200);
    expect(runbook).toMatchObject(body.items[0]);
    expect(body).toMatchObject({ items: [{ id: runbook.id, version: 1 }], next_cursor: null });
    expect(await plane.audit(tenant, 'runbook.created')).toMatchObject([{ targetId: runbook.id }]);
  });

  const DEFAULTS = { agent_selector: {}, timeout_seconds: 300, on_failure: 'stop' };

  it('get a new version when they change, and old versions stay readable', async () => {
    const first = await create();
    const { body: second } = await replace(first.id, { name: 'Restart all', steps: [SHELL] }).expect(200);
    expect(second).toMatchObject({ id: first.id, name: 'Restart all', version: 2 });
    const version = async (number: number): Promise<RunbookView> =>
      (await plane.get(`/api/runbooks/${first.id}?version=${number}`, admin).expect(200)).body;
    expect([await version(1), await version(2)]).toEqual([first, second]);
    const missing = await plane.get(`/api/runbooks/${first.id}?version=3`, admin);
    expect(refusal(missing)).toEqual([404, 'runbook_version_not_found']);
  });

  it('are listed without reading their former versions, which may be many and large', async () => {
    const { id } = await create();
    for (const name of ['two', 'three']) await replace(id, { name }).expect(200);
    await create();
    const find = jest.spyOn(TenantScope.prototype, 'find');
    const { body } = await plane.get('/api/runbooks', admin).expect(200);
    const found = find.mock.results.filter((_, call) => find.mock.calls[call]?.[0] === RunbookVersion);
    const read = (await Promise.all(found.map(({ value }) => value as Promise<unknown[]>))).flat();
    find.mockRestore();
    expect(body.items.map(({ version }: RunbookView) => version)).toEqual([1, 3]);
    expect(read).toHaveLength(2);
  });

  it('keep their version if nothing changes', async () => {
    const first = await create({ steps: [SHELL] });
    expect((await replace(first.id, { steps: [SHELL] }).expect(200)).body).toEqual(first);
    expect(await plane.audit(tenant, 'runbook.changed')).toEqual([]);
  });

  it('get one version for each of two changes at once', async () => {
    const { id } = await create();
    const pause = Pause.before(plane.app.get(Audit), 'record');
    const one = replace(id, { name: 'one' }).then((answer) => answer);
    await pause.reached;
    const two = replace(id, { name: 'two' }).then((answer) => answer);
    await endedOrWaiting(plane, two);
    pause.release();
    expect([await one, await two].map(({ body }) => [body.name, body.version])).toEqual([
      ['one', 2],
      ['two', 3],
    ]);
    expect(await plane.rows(tenant, RunbookVersion)).toHaveLength(3);
  });

  it('can be archived, after which they cannot be changed', async () => {
    const { id } = await create();
    await plane.delete(`/api/runbooks/${id}`, admin).expect(204);
    await plane.delete(`/api/runbooks/${id}`, admin).expect(204);
    expect(refusal(await replace(id, { name: 'late' }))).toEqual([409, 'runbook_archived']);
    expect((await plane.get('/api/runbooks', admin)).body.items).toEqual([]);
    expect((await plane.get('/api/runbooks?archived=true', admin)).body.items).toMatchObject([{ id }]);
    expect(await plane.audit(tenant, 'runbook.archived')).toHaveLength(1);
  });

  it('are created once if the request is repeated with its key', async () => {
    const once = { ...admin, headers: { 'idempotency-key': 'create' } };
    const [first, second] = [await send({}, once).expect(201), await send({}, once).expect(201)];
    expect(second.body).toEqual(first.body);
    expect(await plane.rows(tenant, RunbookVersion)).toHaveLength(1);
  });

  it('of another tenant are not found', async () => {
    const { id } = await create();
    const { admin: stranger } = await plane.tenantWithAdmin(`stranger-${count}`);
    for (const path of [id, randomUUID()])
      expect(refusal(await plane.get(`/api/runbooks/${path}`, stranger))).toEqual([404, 'runbook_not_found']);
  });

  const steps = (number: number): object[] =>
    Array.from({ length: number }, (_, index) => ({ ...MANUAL, name: `step ${index}` }));
  const shell = (config: object): object => ({ steps: [{ ...SHELL, config }] });
  const http = (config: object): object => ({ steps: [{ ...HTTP, config: { ...HTTP.config, ...config } }] });
  const host = { parameters: [{ name: 'host' }] };

  it.each<[string, number, string, object]>([
    ['1,000 steps', 422, 'runbook_too_large', { steps: steps(1000) }],
    [
      '51 parameters',
      422,
      'runbook_too_large',
      {
        parameters: Array.from({ length: 51 }, (_, index) => ({ name: `p${index}` })),
      },
    ],
    [
      'more than 256 KiB',
      422,
      'runbook_too_large',
      {
        steps: steps(30).map((step) => ({ ...step, config: { instructions: 'x'.repeat(10_000) } })),
      },
    ],
    ['no step', 400, 'validation_failed', { steps: [] }],
    ['two steps with one name', 422, 'duplicate_step', { steps: [MANUAL, { ...SHELL, name: ' look ' }] }],
    [
      'two parameters with one name',
      422,
      'duplicate_parameter',
      {
        parameters: [{ name: 'host' }, { name: 'host' }],
      },
    ],
    [
      'a parameter that is not declared',
      422,
      'unknown_parameter',
      shell({ command: 'ls', args: ['{{host}}'] }),
    ],
    ['a parameter in a command', 422, 'parameter_in_command', { ...host, ...shell({ command: '{{host}}' }) }],
    [
      'a parameter in a shell text',
      422,
      'parameter_in_command',
      {
        ...host,
        ...shell({ command: 'ping {{ host }}', shell: true }),
      },
    ],
    [
      'a parameter in the host of a URL',
      400,
      'validation_failed',
      {
        ...host,
        ...http({ url: 'https://{{host}}/' }),
      },
    ],
    [
      'a parameter inside a text body',
      400,
      'validation_failed',
      {
        ...host,
        ...http({ body: '{"host": "{{host}}"}' }),
      },
    ],
    [
      'a parameter in a key of a body',
      400,
      'validation_failed',
      { ...host, ...http({ body: { '{{host}}': 1 } }) },
    ],
    ['a URL that is not http', 400, 'validation_failed', { ...host, ...http({ url: 'file:///etc/passwd' }) }],
    [
      'a URL with a password',
      400,
      'validation_failed',
      { ...host, ...http({ url: 'https://a:b@example.com' }) },
    ],
    [
      'a header with a line break',
      400,
      'validation_failed',
      { ...host, ...http({ headers: { a: 'b\r\nc: d' } }) },
    ],
    ['an invalid pattern', 422, 'invalid_pattern', { parameters: [{ name: 'a', pattern: '(' }] }],
    [
      'a pattern with a backreference',
      422,
      'invalid_pattern',
      {
        parameters: [{ name: 'a', pattern: '(a)\\1' }],
      },
    ],
    ['an unknown kind', 400, 'validation_failed', { steps: [{ ...MANUAL, kind: 'sql' }] }],
    ['an unknown field of a config', 400, 'validation_failed', shell({ command: 'ls', cwd: '/' })],
    ['a shell step without a command', 400, 'validation_failed', shell({})],
    ['a config of 32 KiB', 400, 'validation_failed', http({ body: 'x'.repeat(33_000) })],
    [
      'a selector on a manual step',
      422,
      'invalid_step',
      { steps: [{ ...MANUAL, agent_selector: { a: 'b' } }] },
    ],
    ['a selector that is no label', 422, 'invalid_step', { steps: [{ ...SHELL, agent_selector: { a: 1 } }] }],
    [
      'an http step of more than ten minutes',
      422,
      'invalid_step',
      { steps: [{ ...HTTP, timeout_seconds: 601 }] },
    ],
    ['a time-out of a week', 400, 'validation_failed', { steps: [{ ...MANUAL, timeout_seconds: 604_800 }] }],
  ])('with %s are refused with %i %s', async (_, status, code, fields) => {
    expect(refusal(await send(fields))).toEqual([status, code]);
    expect(await plane.rows(tenant, RunbookVersion)).toEqual([]);
  });

  it('may have 100 steps', async () => {
    expect((await create({ steps: steps(100) })).steps).toHaveLength(100);
  });
});
