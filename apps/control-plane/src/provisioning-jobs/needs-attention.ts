/**
 * A condition for the row aliased `job`: it has failed, nobody has dismissed it, and no later job concerns
 * the same tenant or the same plane.
 */
export const NEEDS_ATTENTION = `job.status = 'failed' and not job.is_dismissed and not exists (
  select 1 from provisioning_jobs later where later.id > job.id and
    (later.tenant_id = job.tenant_id or later.tenant_id is null and job.tenant_id is null and
      later.tenant_plane_id = job.tenant_plane_id))`;
