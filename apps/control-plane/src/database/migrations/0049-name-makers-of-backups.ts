import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * Stores which instance made a backup. A rollback erases the backup only if
 * that instance still serves the rows. An existing backup is attributed to
 * the plane's instance if that instance enrolled before the backup began.
 */
export class NameMakersOfBackups1700000000049 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(`alter table transfers add column made_by ${types.uuid}`);
    await sql(`alter table transfers add column forked_before ${types.timestamp}`);
    const before = (column: string, since: string) =>
      `(select plane.${column} from tenant_planes plane where plane.id = transfers.source_plane_id ` +
      `and plane.${since} <= transfers.created_at)`;
    await sql(`update transfers set made_by = ${before('instance_id', 'enrolled_at')}
      where purpose = 'backup' and key_sealed is not null and ended_at is not null`);
    await sql(`update transfers set forked_before = ${before('forked_at', 'forked_at')}
      where purpose = 'backup' and key_sealed is not null`);
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('alter table transfers drop column forked_before');
    await sql('alter table transfers drop column made_by');
  }
}
