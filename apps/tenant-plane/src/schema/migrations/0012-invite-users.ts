import { type MigrationContext, PortableMigration, trackChangesOf } from '@atlas/persistence';

/** Adds invited users, emailed links, and the sign-in that each session belongs to. */
export class InviteUsers1700000000012 extends PortableMigration {
  protected async apply({ driver, sql, types, tenantScoped }: MigrationContext): Promise<void> {
    await sql(
      `alter table users add column invited_at ${types.timestamp}`,
      `alter table sessions add column family_id ${types.uuid}`,
      `create index sessions_user_ix on sessions (tenant_id, user_id)`,
      `create index sessions_family_ix on sessions (tenant_id, family_id)`,
      `create table user_tokens (
        tenant_id ${types.uuid} not null, token_hash varchar not null, user_id ${types.uuid} not null,
        purpose varchar not null, expires_at ${types.timestamp} not null,
        constraint user_tokens_pk primary key (tenant_id, token_hash),
        constraint user_tokens_purpose_uq unique (tenant_id, user_id, purpose),
        constraint user_tokens_user_fk foreign key (tenant_id, user_id) references users (tenant_id, id))`,
    );
    await tenantScoped('user_tokens');
    await sql(...trackChangesOf(driver, 'user_tokens', ['token_hash']));
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql(
      'drop table user_tokens',
      'drop index sessions_family_ix',
      'drop index sessions_user_ix',
      'alter table sessions drop column family_id',
      'alter table users drop column invited_at',
    );
  }
}
