import { type MigrationContext, PortableMigration } from '@atlas/persistence';

export class KeepBackups1700000000008 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      `alter table transfers add column purpose varchar not null default 'move'`,
      'alter table transfers add column key_sealed text',
      'alter table transfers add column plane_key text',
      `alter table transfers add column manifest ${types.json}`,
      `create index transfers_backup_ix on transfers (tenant_id) where purpose <> 'move'`,
      `alter table tenants add column restorable_until ${types.timestamp}`,
      'create index tenants_restorable_ix on tenants (restorable_until) where restorable_until is not null',
      `create table deletion_certificates (
        tenant_id ${types.uuid} not null, certificate text not null, issued_at ${types.timestamp} not null,
        constraint deletion_certificates_pk primary key (tenant_id),
        constraint deletion_certificates_tenant_fk foreign key (tenant_id) references tenants (id))`,
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql(
      'drop table deletion_certificates',
      'drop index tenants_restorable_ix',
      'alter table tenants drop column restorable_until',
      'drop index transfers_backup_ix',
      'alter table transfers drop column manifest',
      'alter table transfers drop column plane_key',
      'alter table transfers drop column key_sealed',
      'alter table transfers drop column purpose',
    );
  }
}
