import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/** Who told a plane to run its version, and what was its last report before: two clocks may differ, so times do not say it. */
export class TellReleasesByJob1700000000039 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      `alter table tenant_planes add column released_by ${types.uuid}`,
      'alter table tenant_planes add column released_sequence integer',
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql(
      'alter table tenant_planes drop column released_sequence',
      'alter table tenant_planes drop column released_by',
    );
  }
}
