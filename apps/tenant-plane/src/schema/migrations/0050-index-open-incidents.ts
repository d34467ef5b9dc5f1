import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/** The incidents that people work on are few among those that are over. */
export class IndexOpenIncidents1700000000050 extends PortableMigration {
  protected async apply({ sql }: MigrationContext): Promise<void> {
    await sql(
      `create index incidents_open_ix on incidents (tenant_id, id)
        where status not in ('resolved', 'closed')`,
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('drop index incidents_open_ix');
  }
}
