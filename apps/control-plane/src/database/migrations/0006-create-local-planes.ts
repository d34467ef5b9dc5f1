import { type MigrationContext, PortableMigration } from '@atlas/persistence';

export class CreateLocalPlanes1700000000006 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      `alter table tenant_planes add column infrastructure_driver varchar`,
      `create table local_planes (
        tenant_plane_id ${types.uuid} not null, name varchar not null, database varchar not null,
        port integer not null, env_sealed text not null, generation integer not null,
        is_wanted ${types.boolean} not null, pid integer, pid_started_at varchar,
        running_generation integer, failures integer not null, start_at ${types.timestamp},
        constraint local_planes_pk primary key (tenant_plane_id),
        constraint local_planes_plane_fk foreign key (tenant_plane_id) references tenant_planes (id))`,
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('drop table local_planes', 'alter table tenant_planes drop column infrastructure_driver');
  }
}
