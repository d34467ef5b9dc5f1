import { DEPLOYMENT_MODELS } from '@atlas/deployment-profiles';
import { type TenantPlaneView } from '../control-plane/views';
import { type Column } from '../text';
import { LIMIT, showList } from './list-output';
import { type OperatorCommand } from './operator-command';

/** The plane's health class, and the health checks that did not report ok. */
export function healthText({
  health,
  health_status: status,
  health_checks: checks,
  identity_forked: isForked,
}: TenantPlaneView): string {
  const unwell = (checks ?? []).filter((check) => check.status !== 'ok').map(({ name }) => name);
  const reported = status && status !== 'ok' ? [[status, unwell.join(' ')].filter(Boolean).join(': ')] : [];
  return [health, ...reported, ...(isForked ? ['FORKED'] : [])].join(', ');
}

const COLUMNS: readonly Column<TenantPlaneView>[] = [
  { title: 'name', of: ({ name }) => name },
  { title: 'model', of: ({ deployment_model: model }) => model },
  { title: 'status', of: ({ status }) => status },
  { title: 'health', of: healthText },
  {
    title: 'version',
    of: ({ version, version_class: kind }) => (kind && kind !== 'current' ? `${version}, ${kind}` : version),
  },
  {
    title: 'tenants',
    of: ({ tenants, capacity, accepts_tenants: isOpen, pool }) => {
      if (pool === 'pooled') return isOpen ? 'in the pool' : 'not ready for the pool';
      return `${tenants}/${capacity}${isOpen === false ? ', closed' : ''}`;
    },
  },
  { title: 'region', of: ({ region }) => region },
  { title: 'revision', of: ({ revision }) => revision },
  { title: 'applied', of: ({ revision_applied: applied }) => applied },
  { title: 'last report', of: ({ last_report_at: lastReportAt }) => lastReportAt },
  { title: 'id', of: ({ id }) => id },
];

export const PLANES: OperatorCommand = {
  name: 'planes',
  group: 'Tenant planes',
  summary: 'List tenant planes: version, health, applied revision',
  examples: ['planes', 'planes --model dedicated --health offline'],
  options: [
    { name: 'model', value: '<model>', text: 'only this deployment model', choices: DEPLOYMENT_MODELS },
    {
      name: 'status',
      value: '<status>',
      text: 'only this status',
      choices: ['expected', 'enrolled', 'retired'],
    },
    { name: 'health', value: '<class>', text: 'only this health', choices: ['online', 'offline', 'unknown'] },
    { name: 'version', value: '<version>', text: 'only this version' },
    { ...LIMIT, text: 'maximum number of planes' },
  ],
  run(call) {
    const { model, status, health, version } = call.values as Record<string, string | undefined>;
    const filter = { deployment_model: model, status, health, version };
    const planes = call.client.list('GET /api/tenant-planes', filter);
    return showList(call, COLUMNS, planes, { what: 'tenant planes' });
  },
};
