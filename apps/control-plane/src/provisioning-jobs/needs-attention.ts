import { type OperationName, UNDONE_WHEN_CANCELLED } from '@atlas/operator-api';
import { WAITS_FOR_A_PERSON } from './live-jobs';

const UNDONE: readonly OperationName[] = UNDONE_WHEN_CANCELLED;
const UNDONE_NAMES = UNDONE.map((name) => `'${name}'`).join(', ');

/** Whether the job has changed the tenant's status, and the tenant's plane has not confirmed this. */
const IS_UNCONFIRMED = `(job.operation in ('suspend', 'resume')
  and job.steps -> 0 ->> 'status' = 'done' and exists (
    select 1 from placements place
    where place.tenant_id = job.tenant_id and place.phase in ('serving', 'frozen')
      and (coalesce(place.reported_state, '') <> 'applied'
        or place.reported_revision < place.entry_revision)))`;

/** Whether the job left its tenant halfway, because it failed or was stopped. An undone job did not. */
const IS_UNFINISHED = `(job.status = 'failed' or ${IS_UNCONFIRMED}
  or job.operation not in (${UNDONE_NAMES}) and job.steps -> 0 ->> 'status' <> 'undone' and exists (
    select 1 from tenants tenant
    where tenant.id = job.tenant_id and tenant.status in ('failed', 'deprovisioning')))`;

/**
 * A condition for the row aliased `job`: a person has to decide how it goes on, nobody has dismissed it,
 * and no later job concerns the same tenant or the same plane.
 */
export const NEEDS_ATTENTION = `job.status in ('failed', 'cancelled')
  and ${WAITS_FOR_A_PERSON} and ${IS_UNFINISHED} and not job.is_dismissed and not exists (
  select 1 from provisioning_jobs later where later.id > job.id and
    (later.tenant_id = job.tenant_id or later.tenant_id is null and job.tenant_id is null and
      later.tenant_plane_id = job.tenant_plane_id))`;
