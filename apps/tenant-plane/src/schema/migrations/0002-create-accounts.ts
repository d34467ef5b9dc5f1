import { type MigrationContext, PortableMigration } from '@atlas/persistence';

export class CreateAccounts1700000000002 extends PortableMigration {
  protected async apply({ sql, types, tenantScoped }: MigrationContext): Promise<void> {
    await sql(
      `create table tenant_counters (
        tenant_id ${types.uuid} not null, series varchar not null, value ${types.bigint} not null,
        constraint tenant_counters_pk primary key (tenant_id, series))`,
      `create table audit_events (
        tenant_id ${types.uuid} not null, id ${types.uuid} not null, at ${types.timestamp} not null,
        actor_kind varchar not null, actor_id varchar, action varchar not null, target_kind varchar not null,
        target_id varchar, before ${types.json}, after ${types.json}, ip varchar, trace_id varchar,
        constraint audit_events_pk primary key (tenant_id, id))`,
      `create table users (
        tenant_id ${types.uuid} not null, id ${types.uuid} not null, email varchar not null,
        name varchar not null, role varchar not null, password_hash varchar not null,
        is_first ${types.boolean} not null, created_at ${types.timestamp} not null,
        deactivated_at ${types.timestamp},
        constraint users_pk primary key (tenant_id, id),
        constraint users_email_uq unique (tenant_id, email))`,
      `create unique index users_first_uq on users (tenant_id) where is_first`,
      `create table sessions (
        tenant_id ${types.uuid} not null, id ${types.uuid} not null, user_id ${types.uuid} not null,
        token_hash varchar not null, refresh_hash varchar not null, created_at ${types.timestamp} not null,
        expires_at ${types.timestamp} not null, refresh_expires_at ${types.timestamp} not null,
        revoked_at ${types.timestamp},
        constraint sessions_pk primary key (tenant_id, id),
        constraint sessions_token_uq unique (tenant_id, token_hash),
        constraint sessions_refresh_uq unique (tenant_id, refresh_hash),
        constraint sessions_user_fk foreign key (tenant_id, user_id) references users (tenant_id, id))`,
      `create table used_signup_tokens (
        tenant_id ${types.uuid} not null, jti varchar not null, used_at ${types.timestamp} not null,
        constraint used_signup_tokens_pk primary key (tenant_id, jti))`,
      `create table onboarding_skipped_steps (
        tenant_id ${types.uuid} not null, step varchar not null, skipped_at ${types.timestamp} not null,
        constraint onboarding_skipped_steps_pk primary key (tenant_id, step))`,
    );
    await tenantScoped(
      'tenant_counters',
      'audit_events',
      'users',
      'sessions',
      'used_signup_tokens',
      'onboarding_skipped_steps',
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    const tables = [
      'onboarding_skipped_steps',
      'used_signup_tokens',
      'sessions',
      'users',
      'audit_events',
      'tenant_counters',
    ];
    await sql(...tables.map((table) => `drop table ${table}`));
  }
}
