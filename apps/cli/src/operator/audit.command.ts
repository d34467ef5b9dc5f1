import { type AuditRecord } from '@atlas/platform/audit-chain';
import { type Column } from '../text';
import { LIMIT, showList } from './list-output';
import { type OperatorCommand } from './operator-command';

const NEWEST = 50;

const COLUMNS: readonly Column<AuditRecord>[] = [
  { title: 'at', of: ({ at }) => at },
  { title: 'who', of: ({ actor: { kind, id } }) => (id === null ? kind : `${kind} ${id}`) },
  { title: 'from', of: ({ ip }) => ip },
  { title: 'action', of: ({ action }) => action },
  { title: 'what', of: ({ target: { kind, id } }) => (id === null ? kind : `${kind} ${id}`) },
];

export const AUDIT: OperatorCommand = {
  name: 'audit',
  summary: 'list who did what, the newest first',
  options: [
    { name: 'action', value: '<action>', text: 'only these, such as tenant.provision' },
    { ...LIMIT, text: `the newest n (default ${NEWEST})` },
  ],
  run(call) {
    const { action } = call.values as Record<string, string | undefined>;
    const events = call.client.list<AuditRecord>('/api/audit', { action });
    return showList(call, COLUMNS, events, { what: 'audit entries', limit: NEWEST });
  },
};
