import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/** Stores which of a plane's report numbers are missing, and which process last sent a late report. */
export class TellLateReports1700000000030 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      `alter table tenant_planes add column missed_sequences ${types.json} not null default '[]'`,
      `alter table tenant_planes add column late_link_id ${types.uuid}`,
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql(
      'alter table tenant_planes drop column late_link_id',
      'alter table tenant_planes drop column missed_sequences',
    );
  }
}
