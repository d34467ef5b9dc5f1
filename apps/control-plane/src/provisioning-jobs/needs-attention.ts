import { type OperationName, UNDONE_WHEN_CANCELLED } from '@atlas/operator-api';

const UNDONE: readonly OperationName[] = UNDONE_WHEN_CANCELLED;
const UNDONE_NAMES = UNDONE.map((name) => `'${name}'`).join(', ');

/**
 * Whether the job has failed: a stopped job that was not cancelled has. Spelled so that SQLite searches no
 * index on statuses for it.
 */
const HAS_FAILED = "job.status <> 'cancelled'";

/**
 * Whether the job has changed the tenant's status, and the tenant's plane has not confirmed this. Here and
 * below, `offset` keeps Postgres from collecting the rows of all tenants beforehand.
 */
const IS_UNCONFIRMED = `(job.operation in ('suspend', 'resume')
  and job.steps -> 0 ->> 'status' = 'done' and exists (
    select 1 from placements place
    where place.tenant_id = job.tenant_id and place.phase in ('serving', 'frozen')
      and (coalesce(place.reported_state, '') <> 'applied'
        or place.reported_revision < place.entry_revision)
    limit 1 offset 0))`;

/** Whether the job left its tenant halfway, because it failed or was stopped. An undone job did not. */
const IS_UNFINISHED = `(${HAS_FAILED} or ${IS_UNCONFIRMED}
  or job.operation not in (${UNDONE_NAMES}) and job.steps -> 0 ->> 'status' <> 'undone' and exists (
    select 1 from tenants tenant
    where tenant.id = job.tenant_id and tenant.status in ('failed', 'deprovisioning') limit 1 offset 0))`;

/**
 * A condition for the row aliased `job`: a person has to decide how it goes on, nobody has dismissed it,
 * and no later job concerns the same tenant or the same plane. The first condition, and those on the job's
 * marks, are spelled as in the index that finds such jobs.
 */
export const NEEDS_ATTENTION = `job.status not in ('queued', 'running', 'waiting', 'succeeded')
  and not job.is_dismissed and not job.is_followed
  and (${HAS_FAILED} or coalesce(job.error ->> 'class', '') <> 'fatal') and ${IS_UNFINISHED}
  and not exists (select 1 from provisioning_jobs later where later.id > job.id and
    (later.tenant_id = job.tenant_id or later.tenant_id is null and job.tenant_id is null and
      later.tenant_plane_id = job.tenant_plane_id))`;
