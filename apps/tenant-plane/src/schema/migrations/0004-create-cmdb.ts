import { type MigrationContext, PortableMigration } from '@atlas/persistence';

export class CreateCmdb1700000000004 extends PortableMigration {
  protected async apply({ sql, types, tenantScoped }: MigrationContext): Promise<void> {
    await sql(
      `create table configuration_items (
        tenant_id ${types.uuid} not null, id ${types.uuid} not null, name varchar not null,
        type varchar not null, attributes ${types.json} not null, created_at ${types.timestamp} not null,
        constraint configuration_items_pk primary key (tenant_id, id))`,
    );
    await tenantScoped('configuration_items');
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('drop table configuration_items');
  }
}
