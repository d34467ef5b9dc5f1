import { type MigrationContext, PortableMigration } from '@atlas/persistence';

export class CreateAccounts1700000000001 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      `create table operators (
        id ${types.uuid} not null, email varchar not null, name varchar not null, role varchar not null,
        password_hash varchar not null, created_at ${types.timestamp} not null,
        disabled_at ${types.timestamp},
        constraint operators_pk primary key (id), constraint operators_email_uq unique (email))`,
      `create table operator_sessions (
        id varchar not null, operator_id ${types.uuid} not null, secret_hash varchar not null,
        created_at ${types.timestamp} not null, expires_at ${types.timestamp} not null,
        revoked_at ${types.timestamp},
        constraint operator_sessions_pk primary key (id),
        constraint operator_sessions_operator_fk foreign key (operator_id)
          references operators (id) on delete cascade)`,
      `create table api_keys (
        id varchar not null, name varchar not null, operator_id ${types.uuid} not null,
        scopes ${types.json} not null, secret_hash varchar not null, created_at ${types.timestamp} not null,
        expires_at ${types.timestamp} not null, revoked_at ${types.timestamp},
        constraint api_keys_pk primary key (id),
        constraint api_keys_operator_fk foreign key (operator_id)
          references operators (id) on delete cascade)`,
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('drop table api_keys', 'drop table operator_sessions', 'drop table operators');
  }
}
