import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { Database } from '@atlas/persistence';
import { type DesiredTenant } from '@atlas/plane-contract';
import { type RunView } from '@atlas/tenant-api/automation';
import { type RunbookView } from '@atlas/tenant-api/runbooks';
import { EVERY_DATABASE, eventually } from '@atlas/testing';
import { SealedValues } from '../../src/automation/run-secrets.entity';
import { SealedCredentials } from '../../src/runbooks/runbook-credentials.entity';
import { allowAddresses } from '../allow-addresses.fixture';
import { type CallOptions, TestTenantPlane } from '../tenant-plane.fixture';

const CREDENTIAL = 'canary-header-5f0d8b1e7a2946c3';
const VALUE = 'canary-value-7c0ffee1b2d3';

/** To see it fail: in `Runs.start`, fill in secret values; or in `StepLeases`, leave out the mask. */
describe.each(EVERY_DATABASE)('secrets of runbooks on %s', (driver) => {
  const log: unknown[] = [];
  const write = (...line: unknown[]): unknown => log.push(...line);
  const logger = { log: write, warn: write, error: write, debug: write, verbose: write };
  const server = createServer();
  let received: IncomingMessage['headers'][];
  let answering: (answer: ServerResponse, headers: IncomingMessage['headers']) => void;
  let url: string;
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let admin: CallOptions;
  let count = 0;
  let keys = 0;

  beforeAll(async () => {
    server.on('request', ({ headers }: IncomingMessage, answer) => {
      received.push(headers);
      answering(answer, headers);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://api.example:${(server.address() as AddressInfo).port}`;
    plane = await TestTenantPlane.boot(driver, { logger });
    allowAddresses(plane);
  });
  afterAll(async () => {
    server.close();
    await plane.close();
  });
  beforeEach(async () => {
    received = [];
    answering = (answer, headers) => void answer.end(JSON.stringify(headers));
    ({ tenant, admin } = await plane.tenantWithAdmin(`acme-${(count += 1)}`));
    await plane.put('/api/automation/policy', { level: 5 }, admin).expect(200);
  });

  const http = (authorization: string | null, config: object = {}, name = 'call'): object => ({
    name,
    kind: 'http',
    risk: 'low',
    config: { method: 'GET', url: `${url}/`, headers: { authorization, 'x-host': '{{token}}' }, ...config },
  });
  const shell = { name: 'use', kind: 'shell', risk: 'low', config: { command: 'use', args: ['{{token}}'] } };
  const definition = (...steps: object[]): object => ({
    name: 'Restart',
    parameters: [{ name: 'token', secret: true, required: true }, { name: 'host' }],
    steps,
  });
  const onceMore = (): CallOptions => ({ ...admin, headers: { 'idempotency-key': `once-${(keys += 1)}` } });
  const create = async (...steps: object[]): Promise<RunbookView> =>
    (await plane.post('/api/runbooks', definition(...steps), onceMore()).expect(201)).body;
  const replace = (id: string, ...steps: object[]) =>
    plane.put(`/api/runbooks/${id}`, definition(...steps), admin);
  const start = async (id: string, token = VALUE): Promise<RunView> =>
    (
      await plane
        .post(`/api/runbooks/${id}/runs`, { parameters: { token, host: 'web-1' } }, onceMore())
        .expect(202)
    ).body;
  const show = async ({ id }: { id: string }): Promise<RunView> =>
    (await plane.get(`/api/automation/jobs/${id}`, admin).expect(200)).body;
  const reaching = async (run: RunView, status: string): Promise<RunView> => {
    await eventually(async () => (await show(run)).status === status);
    return show(run);
  };
  const refusal = ({ status, body }: { status: number; body: { code?: string } }) => [status, body.code];
  const dump = async (): Promise<string> => {
    const { entityMetadatas } = plane.app.get(Database).dataSource;
    const rows = entityMetadatas.map(({ tableName }) =>
      plane.app
        .get(Database)
        .writeAs(tenant.tenant_id, (manager) => manager.query(`select * from ${tableName}`)),
    );
    return JSON.stringify(await Promise.all(rows));
  };

  it('reach only the server and the agent that need them', async () => {
    const report = { title: 'x', severity: 'P1' };
    await plane.post('/api/incidents', report, admin).expect(201);
    const runbook = await create(http(`Bearer ${CREDENTIAL}`), shell);
    expect(runbook.steps[0]?.config).toMatchObject({
      headers: { authorization: null, 'x-host': '{{token}}' },
    });
    const plan = await plane
      .post(`/api/runbooks/${runbook.id}/runs`, { parameters: { token: VALUE }, dry_run: true }, admin)
      .expect(200);
    const run = await start(runbook.id);
    expect(run.parameters).toEqual({ host: 'web-1' });
    await eventually(async () => (await show(run)).steps[1]?.status === 'queued');
    expect(received).toMatchObject([{ authorization: `Bearer ${CREDENTIAL}`, 'x-host': VALUE }]);
    expect(await plane.rows(tenant, SealedValues)).toHaveLength(1);
    const { key } = (await plane.post('/api/agents', { name: 'a' }, admin).expect(201)).body;
    const { body: lease } = await plane.post('/api/agent/claim', {}, { session: key }).expect(200);
    expect(lease.config.args).toEqual([VALUE]);
    const tell = (fields: object) =>
      plane.post('/api/agent/results', { lease_id: lease.lease_id, ...fields }, { session: key }).expect(200);
    await tell({ output: `key=${VALUE.slice(0, 9)}`, offset: 0 });
    await tell({ output: `${VALUE.slice(9)}.`, offset: 13 });
    await tell({ exit_code: 1, finished: true });
    const failed = await reaching(run, 'failed');
    expect(failed.steps[1]).toMatchObject({
      output_tail: `key=${'*'.repeat(VALUE.length)}.`,
      output_bytes: VALUE.length + 5,
    });
    expect(failed.steps[0]?.output_tail).toContain(`"x-host":"${'*'.repeat(VALUE.length)}"`);
    expect(await plane.rows(tenant, SealedValues)).toEqual([]);
    const retried = await plane.post(`/api/automation/jobs/${run.id}/retry`, {}, admin);
    expect(refusal(retried)).toEqual([409, 'run_secrets_deleted']);
    const told = JSON.stringify([runbook, plan.body, failed, retried.body, log, await dump()]);
    for (const secret of [CREDENTIAL, VALUE]) {
      expect(told).not.toContain(secret);
      expect(told).not.toContain(Buffer.from(secret).toString('base64').slice(0, 24));
    }
  });

  it.each<[string, typeof answering]>([
    [
      'at the end of what is shown of a response',
      (answer, { authorization = '' }) =>
        answer.end('x'.repeat(60_000 - CREDENTIAL.length + 1) + authorization),
    ],
    [
      'in the address of a redirect',
      (answer, { authorization = '' }) =>
        answer.writeHead(307, { location: `http://${authorization.toUpperCase()}.example:1/` }).end(),
    ],
  ])('are hidden %s', async (_where, answers) => {
    answering = answers;
    const { id } = await create(http(CREDENTIAL));
    const run = await start(id);
    await eventually(async () => ['succeeded', 'failed'].includes((await show(run)).status));
    const [step] = (await show(run)).steps;
    expect(step).toMatchObject({ finished_at: expect.any(String) });
    expect(JSON.stringify(step)).toContain('***');
    expect(JSON.stringify(step)).not.toContain(CREDENTIAL.slice(0, 8));
  });

  it('are not shown in part while their rest has not arrived', async () => {
    const run = await start((await create(shell)).id);
    const { key } = (await plane.post('/api/agents', { name: 'a' }, admin).expect(201)).body;
    const { body: lease } = await plane.post('/api/agent/claim', {}, { session: key }).expect(200);
    const tell = (fields: object) =>
      plane.post('/api/agent/results', { lease_id: lease.lease_id, ...fields }, { session: key }).expect(200);
    const tail = async () => (await show(run)).steps[0]?.output_tail;
    await tell({ output: `begin\nkey=${VALUE.slice(0, 9)}`, offset: 0 });
    expect(await tail()).toBe('begin\n');
    const headers = { authorization: `Bearer ${admin.session}`, 'x-tenant-id': tenant.tenant_id };
    const stream = await fetch(`${plane.url}/api/automation/jobs/${run.id}/events`, { headers });
    const told = stream.text();
    await tell({ output: `${VALUE.slice(9)}.`, offset: 19 });
    expect(await tail()).toBe('begin\n');
    await tell({ output: '\nend', offset: 20 + VALUE.length - 9 });
    const line = `key=${'*'.repeat(VALUE.length)}.\n`;
    expect(await tail()).toBe(`begin\n${line}`);
    await tell({ exit_code: 0, finished: true });
    expect(await tail()).toBe(`begin\n${line}end`);
    const outputs = [...(await told).matchAll(/^event: output\ndata: (.*)$/gm)].map(([, data = '']) =>
      JSON.parse(data),
    );
    expect(outputs.map(({ text }) => text).join('')).toBe(`begin\n${line}end`);
    expect(outputs.at(-1).offset + outputs.at(-1).text.length).toBe((await show(run)).steps[0]?.output_bytes);
  });

  it.each(['cancelled', 'succeeded'])('are deleted when their run is %s', async (end) => {
    const manual = { name: 'look', kind: 'manual', risk: 'low', config: {} };
    const { id } = await create(manual);
    const run = await start(id);
    expect(await plane.rows(tenant, SealedValues)).toHaveLength(1);
    const action = end === 'cancelled' ? 'cancel' : 'complete';
    await plane.post(`/api/automation/jobs/${run.id}/${action}`, {}, admin).expect(200);
    expect([(await show(run)).status, await plane.rows(tenant, SealedValues)]).toEqual([end, []]);
  });

  it.each(['x-functions-key', 'Key', 'X-Session-Id'])(
    'are recognised by the name of their header: %s',
    async (name) => {
      const { steps } = await create(
        http(null, { headers: { [name]: CREDENTIAL, 'Idempotency-Key': 'restart' } }),
      );
      expect(steps[0]?.config['headers']).toEqual({ [name]: null, 'Idempotency-Key': 'restart' });
      expect(await dump()).not.toContain(CREDENTIAL);
    },
  );

  it('keep a credential only for the same step, header and server', async () => {
    const first = await create(http(CREDENTIAL));
    const kept = await replace(first.id, http(null, { method: 'POST' })).expect(200);
    expect(kept.body.version).toBe(2);
    await start(first.id);
    await eventually(() => received.length > 0);
    expect(received[0]?.authorization).toBe(CREDENTIAL);
    for (const step of [
      http(null, { url: 'http://elsewhere.example/' }),
      http(null, { headers: { 'x-api-key': null } }),
      http(null, {}, 'renamed'),
    ])
      expect(refusal(await replace(first.id, step))).toEqual([422, 'credential_missing']);
    const none = await plane.post('/api/runbooks', definition(http(null)), admin);
    expect(refusal(none)).toEqual([422, 'credential_missing']);
  });

  it('make a new version only if a credential changes, and are deleted with the last one', async () => {
    const { id } = await create(http(CREDENTIAL));
    const version = async (...steps: object[]): Promise<number> =>
      (await replace(id, ...steps).expect(200)).body.version;
    expect([await version(http(null)), await version(http(CREDENTIAL))]).toEqual([1, 1]);
    expect([await version(http('other one')), await version(http(null))]).toEqual([2, 2]);
    expect(await plane.audit(tenant, 'runbook.changed')).toHaveLength(1);
    expect(await plane.rows(tenant, SealedCredentials)).toHaveLength(1);
    expect(await version(shell)).toBe(3);
    expect(await plane.rows(tenant, SealedCredentials)).toEqual([]);
    const { id: other } = await create(http(CREDENTIAL));
    await plane.delete(`/api/runbooks/${other}`, admin).expect(204);
    expect(await plane.rows(tenant, SealedCredentials)).toEqual([]);
  });

  it('fail their step if they cannot be decrypted, can be entered again, and hold nobody up', async () => {
    const { id } = await create(http(CREDENTIAL), shell);
    const other = await create(shell);
    const [run, waiting] = [await start((await create(shell)).id), await start(other.id)];
    await plane.tenants.write(tenant.tenant_id, async (scope) => {
      await scope.update(SealedCredentials, { runbookId: id }, { sealed: 'nonsense' });
      await scope.update(SealedValues, { runId: run.id }, { sealed: 'nonsense' });
    });
    expect(refusal(await replace(id, http(null), shell))).toEqual([409, 'secret_unreadable']);
    const failed = await reaching(await start(id), 'failed');
    expect([failed.steps[0]?.error?.code, received]).toEqual(['secret_unreadable', []]);
    const { key } = (await plane.post('/api/agents', { name: 'a' }, admin).expect(201)).body;
    const { body: lease } = await plane.post('/api/agent/claim', {}, { session: key }).expect(200);
    expect([lease.job_id, (await show(run)).steps[0]?.error?.code]).toEqual([
      waiting.id,
      'secret_unreadable',
    ]);
    await replace(id, http(CREDENTIAL), shell).expect(200);
    await start(id);
    await eventually(() => received.length > 0);
  });

  it('must not be shown to people, and must be long enough to be hidden', async () => {
    const manual = { name: 'look', kind: 'manual', risk: 'low', config: { instructions: '{{token}}' } };
    const answer = await plane.post('/api/runbooks', definition(manual), admin);
    expect(refusal(answer)).toEqual([422, 'invalid_step']);
    const { id } = await create(shell);
    const short = await plane.post(`/api/runbooks/${id}/runs`, { parameters: { token: 'abc' } }, admin);
    expect(refusal(short)).toEqual([422, 'invalid_parameters']);
    const harmless = await plane.post(
      '/api/runbooks',
      definition(http(null, { headers: { a: null } })),
      admin,
    );
    expect(harmless.status).toBe(400);
  });
});
