import { PassThrough } from 'node:stream';
import { type StubAnswer, StubApi } from '../../test/stub-api.fixture';
import { jobView, stepView, tenantView } from '../../test/views.fixture';
import { ControlPlaneClient } from '../control-plane/control-plane-client';
import { type JobView, type TenantView } from '../control-plane/views';
import { Progress } from '../progress';
import { ensureDemoTenant } from './demo-tenant';
import { type StackContext } from './stack-context';

const NONE: StubAnswer = { status: 404, body: {} };
const DONE = stepView();
const demo = (status: TenantView['status']): TenantView => tenantView({ status });
const job = (status: JobView['status'], steps = [DONE]): JobView => jobView({ status, steps });

describe(ensureDemoTenant.name, () => {
  const { signal } = new AbortController();
  let api: StubApi;

  beforeEach(async () => (api = await StubApi.start()));
  afterEach(() => api.stop());

  const calls = (): string[] => api.calls.map(({ call }) => call);
  const answered = (...bodies: unknown[]): StubAnswer[] => bodies.map((body) => ({ body }));

  function ensure(): Promise<TenantView> {
    const context = { processes: { signal }, progress: new Progress(new PassThrough(), false, false) };
    const client = new ControlPlaneClient(api.url, 'key', signal);
    return ensureDemoTenant(context as unknown as StackContext, client);
  }

  it('provisions the demo tenant if there is none', async () => {
    api.answers = {
      'GET /api/tenants/demo': [NONE, ...answered(demo('active'))],
      'POST /api/tenants/provision': answered({ tenant: demo('provisioning'), job: job('queued', []) }),
      'GET /api/provisioning-jobs/job-1': answered(job('running'), job('succeeded')),
    };
    await expect(ensure()).resolves.toEqual(demo('active'));
  });

  it('leaves an existing demo tenant alone', async () => {
    api.answers = { 'GET /api/tenants/demo': answered(demo('suspended')) };
    await expect(ensure()).resolves.toEqual(demo('suspended'));
    expect(new Set(calls())).toEqual(new Set(['GET /api/tenants/demo']));
  });

  it('retries a job that failed during an earlier start', async () => {
    api.answers = {
      'GET /api/tenants/demo': answered(demo('failed'), demo('active')),
      'GET /api/provisioning-jobs?tenant_id=tenant-1': answered({ items: [job('failed')] }),
      'POST /api/provisioning-jobs/job-1/retry': answered({ job: job('queued') }),
      'GET /api/provisioning-jobs/job-1': answered(job('succeeded')),
    };
    await expect(ensure()).resolves.toEqual(demo('active'));
    expect(calls()).toContain('POST /api/provisioning-jobs/job-1/retry');
  });

  it('waits for a job that an earlier start left running', async () => {
    api.answers = {
      'GET /api/tenants/demo': answered(demo('provisioning'), demo('active')),
      'GET /api/provisioning-jobs?tenant_id=tenant-1': answered({ items: [job('waiting')] }),
      'GET /api/provisioning-jobs/job-1': answered(job('running'), job('succeeded')),
    };
    await expect(ensure()).resolves.toEqual(demo('active'));
    expect(calls().filter((call) => call.startsWith('POST'))).toEqual([]);
  });

  it('names the failed step and its error', async () => {
    const error = { code: 'apply_failed', detail: 'the disk is full', class: 'retry', fix: 'Wait.' } as const;
    const failed = stepView({ name: 'await-report', status: 'failed', error });
    api.answers = {
      'POST /api/tenants/provision': answered({ tenant: demo('provisioning'), job: job('queued', []) }),
      'GET /api/provisioning-jobs/job-1': answered(job('failed', [DONE, failed])),
    };
    await expect(ensure()).rejects.toThrow(/job job-1 failed.*await-report.*apply_failed/);
  });
});
