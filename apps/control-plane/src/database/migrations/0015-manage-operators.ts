import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/** Adds single sign-on and reset links for operators, and records when sessions and keys were last used. */
export class ManageOperators1700000000015 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      'alter table operators add column sso_issuer varchar',
      'alter table operators add column sso_subject varchar',
      'create unique index operators_sso_uq on operators (sso_issuer, sso_subject)',
      `alter table operator_sessions add column method varchar not null default 'password'`,
      'alter table operator_sessions add column ip varchar',
      `alter table operator_sessions add column last_used_at ${types.timestamp}`,
      'create index operator_sessions_operator on operator_sessions (operator_id)',
      `alter table api_keys add column last_used_at ${types.timestamp}`,
      'create index api_keys_operator on api_keys (operator_id)',
      `create table operator_reset_links (
        id varchar not null, operator_id ${types.uuid} not null, secret_hash varchar not null,
        created_at ${types.timestamp} not null, expires_at ${types.timestamp} not null,
        ended_at ${types.timestamp},
        constraint operator_reset_links_pk primary key (id),
        constraint operator_reset_links_operator_fk foreign key (operator_id)
          references operators (id) on delete cascade)`,
      'create index operator_reset_links_operator on operator_reset_links (operator_id)',
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql(
      'drop table operator_reset_links',
      'drop index api_keys_operator',
      'alter table api_keys drop column last_used_at',
      'drop index operator_sessions_operator',
      'alter table operator_sessions drop column last_used_at',
      'alter table operator_sessions drop column ip',
      'alter table operator_sessions drop column method',
      'drop index operators_sso_uq',
      'alter table operators drop column sso_subject',
      'alter table operators drop column sso_issuer',
    );
  }
}
