import { type MigrationContext, PortableMigration } from '@atlas/persistence';

export class CreateTransfers1700000000007 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      `create table transfers (
        id ${types.uuid} not null, tenant_id ${types.uuid} not null, source_plane_id ${types.uuid} not null,
        target_plane_id ${types.uuid} not null, recipient ${types.json} not null, attempt varchar,
        parts integer not null, last_kind varchar, last_changes integer not null, imported integer not null,
        created_at ${types.timestamp} not null, frozen_at ${types.timestamp}, ended_at ${types.timestamp},
        constraint transfers_pk primary key (id),
        constraint transfers_tenant_fk foreign key (tenant_id) references tenants (id),
        constraint transfers_source_fk foreign key (source_plane_id) references tenant_planes (id),
        constraint transfers_target_fk foreign key (target_plane_id) references tenant_planes (id))`,
      `create unique index transfers_live_uq on transfers (tenant_id) where ended_at is null`,
      `create table transfer_parts (
        transfer_id ${types.uuid} not null, part integer not null, sealed text not null,
        constraint transfer_parts_pk primary key (transfer_id, part),
        constraint transfer_parts_transfer_fk foreign key (transfer_id) references transfers (id))`,
      `alter table placements add column purge_job_id ${types.uuid}`,
      `alter table placements add column remove_after ${types.timestamp}`,
      `create index placements_removal_ix on placements (remove_after) where remove_after is not null`,
      `alter table tenant_planes add column db_url_sealed text`,
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql(
      'alter table tenant_planes drop column db_url_sealed',
      'drop index placements_removal_ix',
      'alter table placements drop column remove_after',
      'alter table placements drop column purge_job_id',
      'drop table transfer_parts',
      'drop table transfers',
    );
  }
}
