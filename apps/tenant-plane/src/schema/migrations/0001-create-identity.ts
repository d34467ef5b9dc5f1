import { type MigrationContext, PortableMigration } from '@atlas/persistence';

export class CreateIdentity1700000000001 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      `create table plane_identity (
        id integer not null, instance_id ${types.uuid} not null, public_key ${types.json} not null,
        private_key_sealed text not null, tenant_plane_id ${types.uuid}, deployment_model varchar,
        revision varchar, keys ${types.json} not null, sequence integer not null,
        last_contact_at ${types.timestamp}, lease_owner varchar, lease_expires_at ${types.timestamp},
        constraint plane_identity_pk primary key (id), constraint plane_identity_one_ck check (id = 1))`,
      `create table tenants (
        id ${types.uuid} not null, slug varchar(40) not null, name varchar not null, status varchar not null,
        plan varchar not null, admin_email varchar not null, phase varchar not null,
        entry_revision integer not null, reported_revision integer not null,
        constraint tenants_pk primary key (id))`,
      `create index tenants_slug_ix on tenants (slug)`,
      `create index tenants_unreported_ix on tenants (id) where reported_revision < entry_revision`,
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('drop table tenants', 'drop table plane_identity');
  }
}
