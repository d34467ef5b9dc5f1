import { type MigrationContext, PortableMigration } from '@atlas/persistence';

export class CreateIncidents1700000000003 extends PortableMigration {
  protected async apply({ sql, types, tenantScoped }: MigrationContext): Promise<void> {
    await sql(
      `create table incidents (
        tenant_id ${types.uuid} not null, id ${types.uuid} not null, number varchar not null,
        title varchar not null, description text, severity varchar not null, status varchar not null,
        created_by ${types.uuid}, created_at ${types.timestamp} not null,
        updated_at ${types.timestamp} not null, resolved_at ${types.timestamp},
        constraint incidents_pk primary key (tenant_id, id),
        constraint incidents_number_uq unique (tenant_id, number))`,
      `create index incidents_status_ix on incidents (tenant_id, status, id)`,
    );
    await tenantScoped('incidents');
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('drop table incidents');
  }
}
