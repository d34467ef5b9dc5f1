import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/** Stores sign-ups. */
export class CreateSignups1700000000017 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      `create table signups (
        id ${types.uuid} not null, email varchar not null, organisation varchar, slug varchar,
        token_hash varchar, created_at ${types.timestamp} not null, expires_at ${types.timestamp} not null,
        verified_at ${types.timestamp}, tenant_id ${types.uuid},
        constraint signups_pk primary key (id),
        constraint signups_token_uq unique (token_hash),
        constraint signups_tenant_fk foreign key (tenant_id) references tenants (id))`,
      `create index signups_email_ix on signups (email)`,
      `create index signups_expiry_ix on signups (expires_at)`,
      `create index tenants_admin_ix on tenants (admin_email)`,
    );
  }

  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('drop index tenants_admin_ix', 'drop table signups');
  }
}
