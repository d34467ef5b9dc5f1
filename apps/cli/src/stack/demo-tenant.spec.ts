import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { jobView, stepView, tenantView } from '../../test/views.fixture';
import { Progress } from '../progress';
import { ControlPlaneClient } from '../control-plane/control-plane-client';
import { type JobView, type TenantView } from '../control-plane/views';
import { ensureDemoTenant } from './demo-tenant';
import { type StackContext } from './stack-context';

const DONE = stepView();
const demo = (status: string): TenantView => tenantView({ status });
const job = (status: string, steps = [DONE]): JobView => jobView({ status, steps });

describe(ensureDemoTenant.name, () => {
  const { signal } = new AbortController();
  let answers: Record<string, unknown[]> = {};
  let calls: string[] = [];
  let server: Server;
  let client: ControlPlaneClient;

  beforeAll(async () => {
    // Each call is answered with the next answer prepared for it; with the last one again after that.
    server = createServer((request, response) => {
      const call = `${request.method} ${request.url}`;
      calls.push(call);
      const prepared = answers[call] ?? [];
      const answer = prepared.length > 1 ? prepared.shift() : prepared[0];
      response.writeHead(answer === undefined ? 404 : 200).end(JSON.stringify(answer ?? {}));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    client = new ControlPlaneClient(url, 'key', signal);
  });
  beforeEach(() => (calls = []));
  afterAll(() => server.close());

  function ensure(): Promise<TenantView> {
    const context = { processes: { signal }, progress: new Progress(new PassThrough(), false) };
    return ensureDemoTenant(context as unknown as StackContext, client);
  }

  it('provisions it when there is none', async () => {
    answers = {
      'GET /api/tenants/demo': [undefined, demo('active')],
      'POST /api/tenants/provision': [{ tenant: demo('provisioning'), job: job('queued', []) }],
      'GET /api/provisioning-jobs/job-1': [job('running'), job('succeeded')],
    };
    await expect(ensure()).resolves.toEqual(demo('active'));
  });

  it('leaves one that is there alone', async () => {
    answers = { 'GET /api/tenants/demo': [demo('suspended')] };
    await expect(ensure()).resolves.toEqual(demo('suspended'));
    expect(new Set(calls)).toEqual(new Set(['GET /api/tenants/demo']));
  });

  it('retries the job that an earlier start saw fail', async () => {
    answers = {
      'GET /api/tenants/demo': [demo('failed'), demo('active')],
      'GET /api/provisioning-jobs?tenant_id=tenant-1': [{ items: [job('failed')] }],
      'POST /api/provisioning-jobs/job-1/retry': [{ job: job('queued') }],
      'GET /api/provisioning-jobs/job-1': [job('succeeded')],
    };
    await expect(ensure()).resolves.toEqual(demo('active'));
    expect(calls).toContain('POST /api/provisioning-jobs/job-1/retry');
  });

  it('waits for the job that an earlier start left at work', async () => {
    answers = {
      'GET /api/tenants/demo': [demo('provisioning'), demo('active')],
      'GET /api/provisioning-jobs?tenant_id=tenant-1': [{ items: [job('waiting')] }],
      'GET /api/provisioning-jobs/job-1': [job('running'), job('succeeded')],
    };
    await expect(ensure()).resolves.toEqual(demo('active'));
    expect(calls.filter((call) => call.startsWith('POST'))).toEqual([]);
  });

  it('says which step failed, and why', async () => {
    const error = { code: 'apply_failed', detail: 'the disk is full' };
    const failed = stepView({ name: 'await-report', status: 'failed', error });
    answers = {
      'POST /api/tenants/provision': [{ tenant: demo('provisioning'), job: job('queued', []) }],
      'GET /api/provisioning-jobs/job-1': [job('failed', [DONE, failed])],
    };
    await expect(ensure()).rejects.toThrow(/job job-1 failed.*await-report.*apply_failed/);
  });
});
