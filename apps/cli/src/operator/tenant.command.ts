import { type TenantView } from '../control-plane/views';
import { EXIT } from '../failure';
import { type Clock, momentText } from '../moment-text';
import { durationText, factsText } from '../text';
import { SUBJECTS } from './operations/operation';
import { type OperatorCommand } from './operator-command';
import { findTenant } from './subject';

export const TENANT: OperatorCommand = {
  name: 'tenant',
  group: 'Tenants',
  summary: 'Show a tenant and its last job',
  operand: SUBJECTS.tenant,
  examples: ['tenant acme'],
  options: [],
  async run({ client, terminal, operand, isJson, surroundings }) {
    const tenant = await findTenant(client, operand);
    if (isJson) {
      terminal.out(`${JSON.stringify(tenant)}\n`);
      return EXIT.done;
    }
    const jobs = await client.call('GET /api/provisioning-jobs', {
      query: { tenant_id: tenant.id, limit: 1 },
    });
    const [job] = jobs.items;
    terminal.out(
      factsText([
        ['slug', tenant.slug],
        ['name', tenant.name],
        ['id', tenant.id],
        ['status', tenant.status],
        ...suspensionFacts(tenant, surroundings),
        ...restorableFacts(tenant, surroundings),
        ['deployment model', tenant.deployment_model],
        ['plan', tenant.plan],
        ...planFacts(tenant, surroundings),
        ['region', tenant.region],
        ['first admin', tenant.admin_email],
        ['purchase order', tenant.po_number],
        ['address', tenant.url],
        ['tenant plane', tenant.tenant_plane_id],
        ['plane address', tenant.endpoint_url],
        ['created', momentText(tenant.created_at, surroundings)],
        ['active since', momentText(tenant.active_at, surroundings)],
        ['last job', job && `${job.operation} ${job.status}: atlas job ${job.id}`],
      ]),
    );
    return EXIT.done;
  },
};

function suspensionFacts(
  { status, suspended_at: at, suspension_reason: reason }: TenantView,
  clock: Clock,
): (readonly [string, string | null])[] {
  if (status !== 'suspended' || !at) return [];
  return [
    ['suspended since', momentText(at, clock)],
    ['suspended because', reason ?? 'no reason was given'],
  ];
}

/** What was agreed in addition to the plan, and what is unpaid. */
function planFacts(
  { plan_overrides: agreed, billing }: TenantView,
  clock: Clock,
): (readonly [string, string])[] {
  const limits = Object.entries(agreed?.limits ?? {}).map(([name, limit]) => `${name}=${limit}`);
  const agreement = [...limits, ...(agreed?.modules ?? [])].join(', ');
  const from = momentText(billing.read_only_from, clock);
  return [
    ...(agreement === '' ? [] : [['agreement', agreement] as const]),
    ...(billing.state === 'ok'
      ? []
      : [['billing', `${billing.state}, paid extras read-only from ${from}`] as const]),
  ];
}

/** The restore deadline of a deprovisioned tenant, and how to restore it. */
function restorableFacts(
  { slug, restorable_until: until }: TenantView,
  clock: Clock,
): (readonly [string, string])[] {
  if (!until) return [];
  const leftMs = Date.parse(until) - clock.now();
  const moment = momentText(until, clock);
  return [
    leftMs > 0
      ? ['restorable until', `${moment} (${durationText(leftMs)} left). Restore it: atlas restore ${slug}`]
      : ['restorable until', `${moment}, which has passed, so its backup is about to be erased`],
  ];
}
