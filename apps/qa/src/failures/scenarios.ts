import { type DeploymentModel, profileOf } from '@atlas/deployment-profiles';
import { type InstallView, type Provisioned, request } from '@atlas/testing';
import {
  type Scenario,
  type Subject,
  endedJob,
  rowsNow,
  rowsProblem,
  servedProblem,
  statusProblem,
  tenantNow,
} from './scenario';
import { type Scene } from './scene';

export const PATIENCE_MS = 60_000;

export interface Answer {
  /** Null once the token has been used. */
  readonly install?: InstallView | null;
}

export function provision(model: DeploymentModel): Scenario {
  return {
    name: `provision ${model}`,
    operation: 'provision',
    steps: profileOf(model).provisioning.steps,
    prepare: async (_scene, slug) => ({ slug }),
    async begin(scene, subject) {
      const { slug } = subject;
      const names = { name: `Tenant ${slug}`, slug, admin_email: `admin@${slug}.example.com` };
      const body = { ...names, deployment_model: model };
      const answer = await scene.ask<Provisioned>(
        '/api/tenants/provision',
        body,
        keyOf(subject, 'provision'),
      );
      subject.tenantId = answer.tenant.id;
      if (answer.install) await scene.install(slug, answer.install);
    },
    problem: servedProblem,
  };
}

/**
 * A lifecycle operation on a tenant of this model. The API path for the operation ends with the operation's
 * name.
 */
function lifecycle(
  model: DeploymentModel,
  operation: 'suspend' | 'resume' | 'deprovision' | 'restore',
  parts: Pick<Scenario, 'prepare' | 'problem'>,
): Scenario {
  return {
    name: `${operation} ${model}`,
    operation,
    steps: profileOf(model).lifecycle[operation],
    begin: (scene, subject) => start(scene, subject, operation),
    ...parts,
  };
}

export const suspend = (model: DeploymentModel): Scenario =>
  lifecycle(model, 'suspend', { prepare: provisioned(model), problem: hasStatus('suspended') });

export const resume = (model: DeploymentModel): Scenario =>
  lifecycle(model, 'resume', { prepare: after(suspend(model)), problem: servedProblem });

export const deprovision = (model: DeploymentModel): Scenario =>
  lifecycle(model, 'deprovision', { prepare: provisioned(model), problem: hasStatus('deprovisioning') });

export const restore = (model: DeploymentModel): Scenario =>
  lifecycle(model, 'restore', { prepare: after(deprovision(model)), problem: rowsProblem });

export function move(from: DeploymentModel, to: DeploymentModel): Scenario {
  return {
    name: `move ${from} to ${to}`,
    operation: 'move',
    steps: profileOf(to).lifecycle.move,
    prepare: provisioned(from),
    begin: (scene, subject) => start(scene, subject, 'move', { deployment_model: to }),
    async problem(scene, subject) {
      const { deployment_model: model } = await tenantNow(scene, subject);
      return model === to ? rowsProblem(scene, subject) : `the tenant is ${model}, not ${to}`;
    },
  };
}

/** Removes the copy left behind by a move, once its retention period is over. */
export function removeCopy(from: DeploymentModel, to: DeploymentModel): Scenario {
  return {
    name: `remove_copy ${from}`,
    operation: 'remove_copy',
    steps: profileOf(from).lifecycle.remove_copy,
    prepare: after(move(from, to)),
    begin: (scene, { tenantId }) => isOver(scene, 'placements', 'remove_after', 'tenant_id', tenantId),
    problem: rowsProblem,
  };
}

export function purge(model: DeploymentModel): Scenario {
  return {
    name: `purge ${model}`,
    operation: 'purge',
    steps: profileOf(model).lifecycle.purge,
    prepare: after(deprovision(model)),
    begin: (scene, { tenantId }) => isOver(scene, 'tenants', 'restorable_until', 'id', tenantId),
    async problem(scene, subject) {
      const { status } = await scene.stack.api(`/api/tenants/${subject.tenantId}/deletion-certificate`);
      return status === 200 ? hasStatus('deleted')(scene, subject) : 'there is no deletion certificate';
    },
  };
}

/** Prepares a tenant that is in use. */
export function provisioned(model: DeploymentModel): Scenario['prepare'] {
  return async (scene, slug) => {
    const subject: Subject = { slug };
    await provision(model).begin(scene, subject);
    const tenant = await scene.stack.awaitActive(slug, PATIENCE_MS);
    const at = tenant.endpoint_url ?? '';
    subject.session = await scene.stack.signUp(tenant, at);
    const headers = { 'x-tenant-id': tenant.id, authorization: `Bearer ${subject.session.token}` };
    for (const severity of ['P1', 'P2'])
      await request(`${at}/api/incidents`, { body: { title: `A ${severity}`, severity }, headers });
    subject.rows = await rowsNow(scene, subject);
    return subject;
  };
}

/** Prepares the state that another operation leaves behind. */
function after(scenario: Scenario): Scenario['prepare'] {
  return async (scene, slug) => {
    const subject = await scenario.prepare(scene, slug);
    await scenario.begin(scene, subject);
    const job = await endedJob(scene, scenario, subject, PATIENCE_MS);
    if (job.status !== 'succeeded') throw new Error(`${scenario.name}: ${JSON.stringify(job)}`);
    return subject;
  };
}

async function start(scene: Scene, subject: Subject, operation: string, body = {}): Promise<void> {
  const { tenantId, slug } = subject;
  const confirmed = operation === 'deprovision' ? { confirm_slug: slug } : body;
  const path = `/api/tenants/${tenantId}/${operation}`;
  const answer = await scene.ask<Answer>(path, confirmed, keyOf(subject, operation));
  if (answer.install) await scene.install(slug, answer.install);
}

/**
 * A repeated request uses the same key. A new request, sent after the operation has been undone, uses a new
 * key.
 */
export function keyOf({ slug, attempt = 1 }: Subject, operation: string): string {
  return `${operation}-${slug}-${attempt}`;
}

function hasStatus(wanted: string): Scenario['problem'] {
  return async (scene, subject) => statusProblem(await tenantNow(scene, subject), wanted);
}

/** Changes a future date to yesterday, so that the period up to this date counts as over. */
async function isOver(scene: Scene, table: string, column: string, key: string, id?: string): Promise<void> {
  const past = new Date(Date.now() - 86_400_000).toISOString().replace('T', ' ').replace('Z', '');
  const sql = `update ${table} set ${column} = $1 where ${key} = $2 and ${column} is not null`;
  await scene.control.query(sql, [past, id]);
}
