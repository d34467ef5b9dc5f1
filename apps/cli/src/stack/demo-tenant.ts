import { randomUUID } from 'node:crypto';
import { type ControlPlaneClient } from '../control-plane/control-plane-client';
import { HttpProblem } from '../control-plane/http-call';
import { type JobView, type TenantView } from '../control-plane/views';
import { CommandFailure } from '../failure';
import { type StackContext } from './stack-context';
import { until } from './until';

const DEMO = {
  name: 'Demo',
  slug: 'demo',
  deployment_model: 'shared',
  admin_email: 'admin@demo.example.com',
} as const;
const PROVISIONED_SECONDS = 60;

/** Provisions the demo tenant, or resumes the job of an earlier start. */
export async function ensureDemoTenant(
  context: StackContext,
  controlPlane: ControlPlaneClient,
): Promise<TenantView> {
  const known = await findDemo(controlPlane);
  if (!known) {
    const headers = { 'idempotency-key': randomUUID() };
    const accepted = await controlPlane.call('POST /api/tenants/provision', { body: DEMO, headers });
    if ('job' in accepted) await follow(context, controlPlane, accepted.job.id);
  } else if (known.status === 'provisioning' || known.status === 'failed') {
    await resume(context, controlPlane, known);
  }
  const tenant = await findDemo(controlPlane);
  if (!tenant) throw new CommandFailure('The demo tenant was deleted in the meantime. Start again.');
  return tenant;
}

async function findDemo(controlPlane: ControlPlaneClient): Promise<TenantView | undefined> {
  try {
    return await controlPlane.call('GET /api/tenants/:id_or_slug', { path: { id_or_slug: DEMO.slug } });
  } catch (error) {
    if (error instanceof HttpProblem && error.status === 404) return undefined;
    throw error;
  }
}

async function resume(
  context: StackContext,
  controlPlane: ControlPlaneClient,
  tenant: TenantView,
): Promise<void> {
  const { items } = await controlPlane.call('GET /api/provisioning-jobs', {
    query: { tenant_id: tenant.id },
  });
  const isLive = ({ status }: JobView): boolean => ['queued', 'running', 'waiting'].includes(status);
  const stopped = items.find(({ status }) => status === 'failed' || status === 'cancelled');
  const live = items.find(isLive);
  if (!live && stopped)
    await controlPlane.call('POST /api/provisioning-jobs/:id/retry', { path: { id: stopped.id } });
  const job = live ?? stopped;
  if (job) await follow(context, controlPlane, job.id);
}

/** Waits for the job to finish, and shows each step when it is done. */
async function follow(
  { progress, processes }: StackContext,
  controlPlane: ControlPlaneClient,
  jobId: string,
): Promise<void> {
  const shown = new Set<string>();
  const look = async (): Promise<JobView | undefined> => {
    const job = await controlPlane.call('GET /api/provisioning-jobs/:id', { path: { id: jobId } });
    for (const { name, status } of job.steps) {
      if (status === 'done' && !shown.has(name)) progress.note(`    ${name}`);
      if (status === 'done') shown.add(name);
    }
    return ['succeeded', 'failed', 'cancelled'].includes(job.status) ? job : undefined;
  };
  const complaint = `Job ${jobId}, which provisions the demo tenant, did not finish`;
  const job = await until(look, { signal: processes.signal, seconds: PROVISIONED_SECONDS, complaint });
  if (job.status !== 'succeeded') throw new CommandFailure(failureOf(job));
}

function failureOf({ id, status, steps, error }: JobView): string {
  const failed = steps.find((step) => step.status === 'failed');
  const where = failed ? `step ${failed.name}: ${JSON.stringify(failed.error)}` : JSON.stringify(error);
  return `Provisioning the demo tenant failed (job ${id} ${status}): ${where}`;
}
