import { type Page, type TenantPlaneView } from '../control-plane/views';
import { type Column } from '../text';
import { showList } from './list-output';
import { type OperatorCommand } from './operator-command';

const COLUMNS: readonly Column<TenantPlaneView>[] = [
  { title: 'name', of: ({ name }) => name },
  { title: 'model', of: ({ deployment_model: model }) => model },
  { title: 'status', of: ({ status }) => status },
  {
    title: 'health',
    of: ({ health, identity_forked: isForked }) => (isForked ? `${health}, FORKED` : health),
  },
  { title: 'version', of: ({ version }) => version },
  { title: 'tenants', of: ({ tenants, capacity }) => `${tenants}/${capacity}` },
  { title: 'region', of: ({ region }) => region },
  { title: 'revision', of: ({ revision }) => revision },
  { title: 'applied', of: ({ revision_applied: applied }) => applied },
  { title: 'last report', of: ({ last_report_at: lastReportAt }) => lastReportAt },
  { title: 'id', of: ({ id }) => id },
];

export const PLANES: OperatorCommand = {
  name: 'planes',
  summary: 'list the tenant planes: version, health, what they have applied',
  options: [],
  async run(call) {
    const { items } = await call.client.get<Page<TenantPlaneView>>('/api/tenant-planes');
    return showList(call, COLUMNS, items, { what: 'tenant planes' });
  },
};
