import { type MigrationContext, PortableMigration, trackChangesOf } from '@atlas/persistence';

export class CreateSingleSignOn1700000000013 extends PortableMigration {
  protected async apply({ driver, sql, types, tenantScoped }: MigrationContext): Promise<void> {
    await sql(
      `create table identity_providers (
        tenant_id ${types.uuid} not null, kind varchar not null, issuer varchar not null,
        client_id varchar not null, is_enabled ${types.boolean} not null,
        creates_users ${types.boolean} not null, default_role varchar not null,
        email_domains ${types.json} not null, changed_at ${types.timestamp} not null,
        constraint identity_providers_pk primary key (tenant_id, kind))`,
      `create table user_identities (
        tenant_id ${types.uuid} not null, user_id ${types.uuid} not null, issuer varchar not null,
        subject varchar not null, linked_at ${types.timestamp} not null,
        constraint user_identities_pk primary key (tenant_id, user_id),
        constraint user_identities_subject_uq unique (tenant_id, issuer, subject),
        constraint user_identities_user_fk foreign key (tenant_id, user_id)
          references users (tenant_id, id))`,
    );
    await tenantScoped('identity_providers', 'user_identities');
    await sql(
      ...trackChangesOf(driver, 'identity_providers', ['kind']),
      ...trackChangesOf(driver, 'user_identities', ['user_id']),
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('drop table user_identities', 'drop table identity_providers');
  }
}
