import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * Stores what tenant planes must know about sign-up links. Links issued earlier are not stored,
 * so they cannot be revoked and do not work after a move. They expire within seven days.
 */
export class KeepSignupLinks1700000000033 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      // Has no foreign keys to operators or tenant planes, because checking them
      // would lock those rows after the tenant's row, which is the wrong order.
      `create table signup_links (
        jti ${types.uuid} not null, tenant_id ${types.uuid} not null, tenant_plane_id ${types.uuid} not null,
        issued_by ${types.uuid}, issued_with varchar, expires_at ${types.timestamp} not null,
        revoked_at ${types.timestamp},
        constraint signup_links_pk primary key (jti),
        constraint signup_links_tenant_fk foreign key (tenant_id) references tenants (id),
        constraint signup_links_key_fk foreign key (issued_with) references api_keys (id))`,
      'create index signup_links_tenant_ix on signup_links (tenant_id)',
      'create index signup_links_issuer_ix on signup_links (issued_by)',
      'create index signup_links_key_ix on signup_links (issued_with)',
      'create index signup_links_expiry_ix on signup_links (expires_at)',
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('drop table signup_links');
  }
}
