import { ApiKey } from '../src/accounts/api-key.entity';
import { Operator } from '../src/accounts/operator.entity';
import { AuditEvent } from '../src/audit/audit-event.entity';
import { EventDelivery } from '../src/events/event-delivery.entity';
import { EventSubscription } from '../src/events/event-subscription.entity';
import { ProvisioningJob } from '../src/provisioning-jobs/provisioning-job.entity';
import { Drift } from '../src/reconcile/drift.entity';
import { Placement } from '../src/registry/placement.entity';
import { TenantPlane } from '../src/registry/tenant-plane.entity';
import { Tenant } from '../src/registry/tenant.entity';
import { Signup } from '../src/tenants/signup.entity';
import { type TestControlPlane } from './control-plane.fixture';
import { SUBSCRIPTIONS } from './event-receiver.fixture';
import { ManyRows } from './many-rows.fixture';

/** Every list has many rows then. Of the values of a filter, one is common, and the others are rare. */
export async function fillTables(plane: TestControlPlane, rows: number): Promise<void> {
  const { tenant, job } = await oneOfEach(plane);
  const many = new ManyRows(plane);
  const [planes, tenants] = [many.id(1), many.id(2)];
  const named = { slug: "'many-' || n", name: "'Many ' || n", admin_email: "'admin@' || n || '.example'" };
  const is = (id: string): string => `id = '${id}'`;
  const any = '1 = 1';

  await many.copy(TenantPlane, any, rows, {
    id: planes,
    name: "'plane-' || n",
    deployment_model: many.mostly("'dedicated'", "'shared'", "'on_prem'", "'hybrid'"),
    status: many.mostly("'enrolled'", "'expected'", "'retired'"),
    version: many.mostly('t.version', "'0.0.1'"),
  });
  await many.copy(Tenant, is(tenant), rows, {
    ...named,
    id: tenants,
    deployment_model: many.mostly("'shared'", "'dedicated'", "'on_prem'", "'hybrid'"),
    status: many.mostly(
      "'active'",
      "'failed'",
      "'suspended'",
      "'provisioning'",
      "'deprovisioning'",
      "'deleted'",
    ),
  });
  await many.copy(Placement, any, rows, { tenant_id: tenants });
  // Each of these jobs has failed and was followed by another, so none of them needs attention.
  const failed = { id: many.id(3, '3 * n'), tenant_id: tenants, status: "'failed'" };
  await many.copy(ProvisioningJob, is(job), rows, failed);
  await many.copy(ProvisioningJob, is(job), rows, {
    ...failed,
    id: many.id(3, '3 * n + 1'),
    operation: "'suspend'",
    status: "'succeeded'",
  });
  await many.copy(ProvisioningJob, is(job), rows, {
    id: many.id(3, '3 * n + 2'),
    tenant_id: tenants,
    operation: many.mostly("'provision'", "'deprovision'", "'suspend'", "'resume'", "'move'"),
    status: many.mostly("'succeeded'", "'failed'", "'cancelled'", "'queued'", "'running'", "'waiting'"),
  });
  await many.copy(ProvisioningJob, is(job), rows / 40, {
    id: many.id(4),
    tenant_id: 'null',
    tenant_plane_id: planes,
    parent_id: 't.id',
    operation: "'upgrade'",
  });
  await many.copy(AuditEvent, any, rows, {
    id: many.id(5),
    position: 'null',
    hash: 'null',
    action: many.mostly("'tenant.updated'", "'tenant.rare'"),
  });
  await many.copy(Drift, any, rows, {
    id: many.id(6),
    subject_id: "'subject-' || n",
    resolved_at: many.mostly('t.resolved_at', 'null'),
  });
  await many.copy(Signup, any, rows, {
    id: many.id(7),
    tenant_id: tenants,
    verified_at: many.mostly('t.verified_at', 'null', 'null'),
  });
  await many.copy(EventDelivery, any, rows, {
    id: many.id(8),
    event_id: many.id(9),
    status: many.mostly("'delivered'", "'waiting'", "'given_up'"),
  });
  const operators = many.id(10);
  await many.copy(Operator, any, rows, { id: operators, email: "'operator-' || n" });
  const key = "substr('00000000', 1, 8 - length(cast(n as varchar))) || n";
  await many.copy(ApiKey, any, rows, { id: `'many' || ${key}`, operator_id: operators });
  await plane.get('/api/audit/chain').expect(200);
  await many.settle();
}

/** A row of each kind, made as in real life where that is possible. */
async function oneOfEach(plane: TestControlPlane): Promise<{ tenant: string; job: string }> {
  const cell = await plane.enrolledCell();
  const { tenant, job } = (await plane.provision()).body as Record<'tenant' | 'job', { id: string }>;
  await cell.serve(tenant.id);
  await plane.settle();
  await plane.post(SUBSCRIPTIONS, { url: 'http://127.0.0.1:1/', events: ['drift.found'] }).expect(201);
  const [subscription] = await plane.rows(EventSubscription);
  await plane.post(`${SUBSCRIPTIONS}/${subscription?.id}/test`).expect(202);
  const at = plane.clock.now();
  await plane.insert(Drift, {
    id: cell.id,
    kind: 'plane_behind',
    subjectKind: 'tenant_plane',
    subjectId: cell.id,
    detail: '',
    firstSeenAt: at,
    lastSeenAt: at,
    resolvedAt: at,
    repaired: false,
    failedRepairs: 0,
  });
  await plane.insert(Signup, {
    id: cell.id,
    email: 'ada@example.com',
    organisation: null,
    slug: null,
    tokenHash: null,
    browserHash: null,
    createdAt: at,
    expiresAt: at,
    verifiedAt: at,
    tenantId: tenant.id,
  });
  return { tenant: tenant.id, job: job.id };
}
