import {
  type MigrationContext,
  PortableMigration,
  forgetDueTimesOf,
  noteDueTimesOf,
} from '@atlas/persistence';

/**
 * Exports, their archives in chunks, and imports. Changes are not tracked, because these rows stay on this
 * plane when the tenant moves.
 */
export class CreateArchives1700000000042 extends PortableMigration {
  protected async apply({ driver, sql, types, tenantScoped }: MigrationContext): Promise<void> {
    const { bytes, json, timestamp, uuid } = types;
    await sql(
      `create table exports (
        tenant_id ${uuid} not null, id ${uuid} not null, status varchar not null,
        requested_by ${uuid} not null, created_at ${timestamp} not null, finished_at ${timestamp},
        expires_at ${timestamp}, summary ${json}, failure ${json}, due_at ${timestamp},
        constraint exports_pk primary key (tenant_id, id))`,
      `create unique index exports_running_uq on exports (tenant_id) where status = 'running'`,
      `create table export_chunks (
        tenant_id ${uuid} not null, export_id ${uuid} not null, number integer not null,
        size integer not null, content ${bytes} not null,
        constraint export_chunks_pk primary key (tenant_id, export_id, number),
        constraint export_chunks_export_fk foreign key (tenant_id, export_id)
          references exports (tenant_id, id) on delete cascade)`,
      `create table imports (
        tenant_id ${uuid} not null, id ${uuid} not null, status varchar not null,
        requested_by ${uuid} not null, created_at ${timestamp} not null, finished_at ${timestamp},
        summary ${json}, failure ${json}, due_at ${timestamp},
        constraint imports_pk primary key (tenant_id, id))`,
      `create unique index imports_running_uq on imports (tenant_id) where status = 'running'`,
      ...noteDueTimesOf(driver, 'exports', 'due_at'),
      ...noteDueTimesOf(driver, 'imports', 'due_at'),
    );
    await tenantScoped('exports', 'export_chunks', 'imports');
  }
  protected async revert({ driver, sql }: MigrationContext): Promise<void> {
    await sql(
      ...forgetDueTimesOf(driver, 'imports'),
      ...forgetDueTimesOf(driver, 'exports'),
      'drop table imports',
      'drop table export_chunks',
      'drop table exports',
    );
  }
}
