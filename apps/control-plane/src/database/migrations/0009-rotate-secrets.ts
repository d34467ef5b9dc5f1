import { type MigrationContext, PortableMigration } from '@atlas/persistence';

export class RotateSecrets1700000000009 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      `alter table service_keys add column last_used_at ${types.timestamp}`,
      `create index service_keys_accepted_ix on service_keys (tenant_plane_id) where revoked_at is null`,
      `alter table tenant_planes add column next_key_id varchar`,
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql(
      'alter table tenant_planes drop column next_key_id',
      'drop index service_keys_accepted_ix',
      'alter table service_keys drop column last_used_at',
    );
  }
}
