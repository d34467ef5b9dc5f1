import { type MigrationContext, PortableMigration } from '@atlas/persistence';

const INDEXES = {
  tenants_compared_ix: `tenants (id) where status <> 'deleted'`,
  tenant_planes_compared_ix: `tenant_planes (id) where status <> 'retired'`,
  tenant_planes_made_ix: `tenant_planes (id) where infrastructure_driver is not null`,
  provisioning_jobs_compared_ix: `provisioning_jobs (id) where status in ('queued', 'running', 'waiting')`,
  // Find the copies whose removal has stopped.
  placements_purged_ix: 'placements (purge_job_id) where purge_job_id is not null',
  provisioning_jobs_broken_off_ix: `provisioning_jobs (id)
    where status in ('failed', 'cancelled') and operation in ('remove_copy', 'move', 'deprovision')`,
  // Finds the tenants whose plane has not reported on their newest entry.
  placements_unheard_ix: 'placements (tenant_plane_id) where reported_revision < entry_revision',
};

/** Lets each background round read only what it needs, however many tenants there are. */
export class IndexWhatRoundsRead1700000000065 extends PortableMigration {
  protected async apply({ sql }: MigrationContext): Promise<void> {
    for (const [name, on] of Object.entries(INDEXES)) await sql(`create index ${name} on ${on}`);
  }

  protected async revert({ sql }: MigrationContext): Promise<void> {
    for (const name of Object.keys(INDEXES)) await sql(`drop index ${name}`);
  }
}
