import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * Stores the release that each plane should run, and the parent
 * of a job. Allows one live job per fleet-wide operation.
 */
export class UpgradePlanes1700000000011 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      'alter table tenant_planes add column release varchar',
      `alter table tenant_planes add column released_at ${types.timestamp}`,
      'update tenant_planes set release = version where infrastructure_driver is not null',
      'alter table local_planes add column version varchar',
      `update local_planes set version =
        (select version from tenant_planes where tenant_planes.id = local_planes.tenant_plane_id)`,
      `alter table provisioning_jobs add column parent_id ${types.uuid}`,
      `create index provisioning_jobs_parent_ix on provisioning_jobs (parent_id) where parent_id is not null`,
      `create unique index provisioning_jobs_live_fleet_uq on provisioning_jobs (operation)
        where tenant_id is null and tenant_plane_id is null and status in ('queued', 'running', 'waiting')`,
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql(
      'drop index provisioning_jobs_live_fleet_uq',
      'drop index provisioning_jobs_parent_ix',
      'delete from provisioning_jobs where tenant_id is null and tenant_plane_id is null',
      'alter table provisioning_jobs drop column parent_id',
      'alter table local_planes drop column version',
      'alter table tenant_planes drop column released_at',
      'alter table tenant_planes drop column release',
    );
  }
}
