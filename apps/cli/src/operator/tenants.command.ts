import { DEPLOYMENT_MODELS } from '@atlas/deployment-profiles';
import { TENANT_STATUSES } from '@atlas/tenancy';
import { type TenantView } from '../control-plane/views';
import { type Column } from '../text';
import { LIMIT, showList } from './list-output';
import { type OperatorCommand } from './operator-command';

const COLUMNS: readonly Column<TenantView>[] = [
  { title: 'slug', of: ({ slug }) => slug },
  { title: 'status', of: ({ status }) => status },
  { title: 'model', of: ({ deployment_model: model }) => model },
  { title: 'plan', of: ({ plan }) => plan },
  { title: 'region', of: ({ region }) => region },
  { title: 'created', of: ({ created_at: createdAt }) => createdAt },
  { title: 'name', of: ({ name }) => name },
];

export const TENANTS: OperatorCommand = {
  name: 'tenants',
  group: 'Tenants',
  summary: 'List tenants, newest first',
  examples: ['tenants', 'tenants --status failed', 'tenants --json --limit 10'],
  options: [
    { name: 'status', value: '<status>', text: 'only tenants in this status', choices: TENANT_STATUSES },
    { name: 'model', value: '<model>', text: 'only this deployment model', choices: DEPLOYMENT_MODELS },
    LIMIT,
  ],
  run(call) {
    const { status, model } = call.values as Record<string, string | undefined>;
    const tenants = call.client.list('GET /api/tenants', { status, deployment_model: model });
    return showList(call, COLUMNS, tenants, { what: 'tenants' });
  },
};
