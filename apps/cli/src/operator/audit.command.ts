import { type AuditView } from '../control-plane/views';
import { type Column } from '../text';
import { LIMIT, showList } from './list-output';
import { type OperatorCommand } from './operator-command';

const NEWEST = 50;

const COLUMNS: readonly Column<AuditView>[] = [
  { title: 'at', of: ({ at }) => at },
  { title: 'action', of: ({ action }) => action },
  { title: 'tenant', of: ({ tenant_slug: slug }) => slug },
  { title: 'target', of: ({ target: { kind, id } }) => (id === null ? kind : `${kind} ${id}`) },
  { title: 'actor', of: ({ actor: { kind, id } }) => (id === null ? kind : `${kind} ${id}`) },
  { title: 'from', of: ({ ip }) => ip },
];

export const AUDIT: OperatorCommand = {
  name: 'audit',
  group: 'Audit and drift',
  summary: 'List who did what, newest first',
  examples: ['audit', 'audit --action tenant.provision --limit 10'],
  options: [
    { name: 'action', value: '<action>', text: 'only this action, such as tenant.provision' },
    { ...LIMIT, default: String(NEWEST) },
  ],
  run(call) {
    const { action } = call.values as Record<string, string | undefined>;
    const events = call.client.list('GET /api/audit', { action });
    return showList(call, COLUMNS, events, { what: 'audit entries', limit: NEWEST });
  },
};
