import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * Tells what may be erased once its tenant is served again. A backup that is kept already was made by the installation that had
 * enrolled before it began, and since when none has.
 */
export class NameMakersOfBackups1700000000049 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(`alter table transfers add column made_by ${types.uuid}`);
    await sql(`alter table transfers add column forked_before ${types.timestamp}`);
    await sql(`update transfers set made_by = (select plane.instance_id from tenant_planes plane
        where plane.id = transfers.source_plane_id and plane.enrolled_at <= transfers.created_at)
      where purpose = 'backup' and key_sealed is not null and ended_at is not null`);
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('alter table transfers drop column forked_before');
    await sql('alter table transfers drop column made_by');
  }
}
