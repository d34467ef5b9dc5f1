import { type MigrationContext, PortableMigration } from '@atlas/persistence';

export class CreateTenants1700000000002 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      `create table tenants (
        id ${types.uuid} not null, slug varchar(40) not null, holds_slug ${types.boolean} not null,
        name varchar not null, deployment_model varchar not null, status varchar not null,
        plan varchar not null, region varchar, source varchar not null, admin_email varchar not null,
        po_number varchar, settings ${types.json} not null, url varchar, endpoint_url varchar,
        db_url_sealed text, created_at ${types.timestamp} not null, updated_at ${types.timestamp} not null,
        active_at ${types.timestamp},
        constraint tenants_pk primary key (id))`,
      `create unique index tenants_slug_uq on tenants (slug) where holds_slug`,
      `create table provisioning_jobs (
        id ${types.uuid} not null, operation varchar not null, tenant_id ${types.uuid} not null,
        status varchar not null, direction varchar not null, steps ${types.json} not null,
        error ${types.json}, lease_owner varchar, lease_number integer not null,
        lease_expires_at ${types.timestamp}, due_at ${types.timestamp} not null, wakes integer not null,
        created_at ${types.timestamp} not null, started_at ${types.timestamp}, finished_at ${types.timestamp},
        constraint provisioning_jobs_pk primary key (id),
        constraint provisioning_jobs_tenant_fk foreign key (tenant_id) references tenants (id))`,
      `create unique index provisioning_jobs_live_uq on provisioning_jobs (tenant_id)
        where status in ('queued', 'running', 'waiting')`,
      'create index provisioning_jobs_due_ix on provisioning_jobs (due_at) where status in ' +
        `('queued', 'running', 'waiting')`,
      `create index provisioning_jobs_tenant_ix on provisioning_jobs (tenant_id, id)`,
      `create table idempotency_keys (
        scope varchar not null, body_hash varchar not null, status integer not null,
        answer_sealed text not null, install_sealed text, token_id varchar,
        created_at ${types.timestamp} not null, expires_at ${types.timestamp} not null,
        constraint idempotency_keys_pk primary key (scope))`,
      `create index idempotency_keys_expiry_ix on idempotency_keys (expires_at)`,
      `create index idempotency_keys_token_ix on idempotency_keys (token_id) where token_id is not null`,
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('drop table idempotency_keys', 'drop table provisioning_jobs', 'drop table tenants');
  }
}
