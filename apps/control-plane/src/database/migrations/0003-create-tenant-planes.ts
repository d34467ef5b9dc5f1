import { type MigrationContext, PortableMigration } from '@atlas/persistence';

export class CreateTenantPlanes1700000000003 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      `create table tenant_planes (
        id ${types.uuid} not null, name varchar not null, deployment_model varchar not null,
        status varchar not null, region varchar, capacity integer not null, placed integer not null,
        secret_mode varchar not null, revision integer not null, revised_at ${types.timestamp} not null,
        instance_id ${types.uuid}, public_key ${types.json}, capabilities ${types.json}, version varchar,
        endpoint_url varchar, database_driver varchar, applied_revision varchar, link_id ${types.uuid},
        sequence integer not null, forked_at ${types.timestamp}, last_report_at ${types.timestamp},
        health ${types.json}, enrolled_at ${types.timestamp}, created_at ${types.timestamp} not null,
        constraint tenant_planes_pk primary key (id), constraint tenant_planes_name_uq unique (name),
        constraint tenant_planes_places_ck check (placed >= 0 and placed <= capacity))`,
      `create index tenant_planes_revised_ix on tenant_planes (revised_at)`,
      `create table placements (
        tenant_id ${types.uuid} not null, tenant_plane_id ${types.uuid} not null, phase varchar not null,
        holds_place ${types.boolean} not null, entry_revision integer not null,
        reported_revision integer not null, reported_state varchar, reported_error text,
        created_at ${types.timestamp} not null,
        constraint placements_pk primary key (tenant_id, tenant_plane_id),
        constraint placements_tenant_fk foreign key (tenant_id) references tenants (id),
        constraint placements_plane_fk foreign key (tenant_plane_id) references tenant_planes (id))`,
      `create unique index placements_home_uq on placements (tenant_id) where phase in ('serving', 'frozen')`,
      `create index placements_changes_ix on placements (tenant_plane_id, entry_revision)`,
      `create table service_keys (
        id varchar not null, tenant_plane_id ${types.uuid} not null, secret_sealed text not null,
        created_at ${types.timestamp} not null, activated_at ${types.timestamp},
        revoked_at ${types.timestamp},
        constraint service_keys_pk primary key (id),
        constraint service_keys_plane_fk foreign key (tenant_plane_id) references tenant_planes (id))`,
      `create table provisioning_tokens (
        id varchar not null, tenant_plane_id ${types.uuid} not null, key_id varchar not null,
        secret_hash varchar not null, issued_by varchar not null, created_at ${types.timestamp} not null,
        expires_at ${types.timestamp} not null, revoked_at ${types.timestamp},
        consumed_at ${types.timestamp}, consumed_by ${types.uuid},
        constraint provisioning_tokens_pk primary key (id),
        constraint provisioning_tokens_plane_fk foreign key (tenant_plane_id) references tenant_planes (id))`,
      `create unique index provisioning_tokens_live_uq on provisioning_tokens (tenant_plane_id)
        where revoked_at is null and consumed_at is null`,
      `create table request_nonces (
        key_id varchar not null, nonce varchar not null, expires_at ${types.timestamp} not null,
        constraint request_nonces_pk primary key (key_id, nonce))`,
      `create index request_nonces_expiry_ix on request_nonces (expires_at)`,
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    const tables = ['request_nonces', 'provisioning_tokens', 'service_keys', 'placements', 'tenant_planes'];
    await sql(...tables.map((table) => `drop table ${table}`));
  }
}
