import { type MigrationContext, PortableMigration } from '@atlas/persistence';

const LIVE = `status in ('queued', 'running', 'waiting')`;

/** Allows a tenant plane's secret to be rotated while another job for the plane is live. */
export class RotateBesideJobs1700000000029 extends PortableMigration {
  protected async apply({ sql }: MigrationContext): Promise<void> {
    await sql(
      'drop index provisioning_jobs_live_plane_uq',
      `create unique index provisioning_jobs_live_plane_uq on provisioning_jobs (tenant_plane_id)
        where tenant_plane_id is not null and operation <> 'rotate_secret' and ${LIVE}`,
      `create unique index provisioning_jobs_live_rotation_uq on provisioning_jobs (tenant_plane_id)
        where tenant_plane_id is not null and operation = 'rotate_secret' and ${LIVE}`,
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql(
      'drop index provisioning_jobs_live_rotation_uq',
      'drop index provisioning_jobs_live_plane_uq',
      // Cancels rotations that would violate the stricter index. The old secrets
      // stay revoked, but no job waits any longer for those planes to enrol again.
      `update provisioning_jobs set status = 'cancelled', lease_owner = null, lease_expires_at = null,
          lease_number = lease_number + 1
        where operation = 'rotate_secret' and ${LIVE} and tenant_plane_id in
          (select tenant_plane_id from provisioning_jobs where operation <> 'rotate_secret' and ${LIVE})`,
      `create unique index provisioning_jobs_live_plane_uq on provisioning_jobs (tenant_plane_id)
        where tenant_plane_id is not null and ${LIVE}`,
    );
  }
}
