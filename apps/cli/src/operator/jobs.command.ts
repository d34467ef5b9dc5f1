import { type JobView } from '../control-plane/views';
import { type Column, durationText } from '../text';
import { LIMIT, showList } from './list-output';
import { type OperatorCommand } from './operator-command';
import { findTenant } from './subject';

const NEWEST = 50;
const STATUSES = ['queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled'];

const COLUMNS: readonly Column<JobView>[] = [
  { title: 'job', of: ({ id }) => id },
  { title: 'operation', of: ({ operation }) => operation },
  { title: 'tenant', of: ({ tenant_slug: slug }) => slug },
  { title: 'status', of: ({ status }) => status },
  { title: 'created', of: ({ created_at: createdAt }) => createdAt },
  { title: 'took', of: tookText },
  { title: 'error', of: errorText },
  { title: 'tenant or plane id', of: ({ tenant_id, tenant_plane_id }) => tenant_id ?? tenant_plane_id },
];

export const JOBS: OperatorCommand = {
  name: 'jobs',
  group: 'Jobs',
  summary: 'List jobs, newest first',
  examples: ['jobs', 'jobs --tenant acme --status failed'],
  options: [
    { name: 'tenant', value: '<tenant>', text: 'only jobs of this tenant' },
    { name: 'status', value: '<status>', text: 'only jobs in this status', choices: STATUSES },
    { ...LIMIT, default: String(NEWEST) },
  ],
  async run(call) {
    const { tenant, status } = call.values as Record<string, string | undefined>;
    const tenantId = tenant === undefined ? undefined : (await findTenant(call.client, tenant)).id;
    const jobs = call.client.list('GET /api/provisioning-jobs', { tenant_id: tenantId, status });
    return showList(call, COLUMNS, jobs, { what: 'jobs', limit: NEWEST });
  },
};

/** The error, shortened. `atlas job <id>` shows it in full. */
function errorText({ error, steps }: JobView): string | undefined {
  const failed = steps.find(({ status }) => status === 'failed');
  return error && failed ? `${error.code} at ${failed.name}` : error?.code;
}

function tookText({ created_at: createdAt, finished_at: finishedAt }: JobView): string | null {
  return finishedAt && durationText(Date.parse(finishedAt) - Date.parse(createdAt));
}
