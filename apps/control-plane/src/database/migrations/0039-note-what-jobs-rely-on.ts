import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * Jobs no longer compare timestamps, because the clocks of two processes may differ. Instead, this
 * migration stores which job last set a plane's release, the number of the plane's last report before
 * that, and which failures no longer count. Also stores the version of the plane that made a backup.
 */
export class NoteWhatJobsRelyOn1700000000039 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      `alter table tenant_planes add column released_by ${types.uuid}`,
      'alter table tenant_planes add column released_sequence integer',
      'alter table provisioning_jobs add column is_dismissed boolean not null default false',
      'alter table transfers add column version varchar',
      `update transfers set version = (select version from tenant_planes
        where tenant_planes.id = source_plane_id)
        where purpose <> 'move'`,
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql(
      'alter table transfers drop column version',
      'alter table provisioning_jobs drop column is_dismissed',
      'alter table tenant_planes drop column released_sequence',
      'alter table tenant_planes drop column released_by',
    );
  }
}
