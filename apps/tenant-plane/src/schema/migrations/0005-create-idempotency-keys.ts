import { type MigrationContext, PortableMigration } from '@atlas/persistence';

export class CreateIdempotencyKeys1700000000005 extends PortableMigration {
  protected async apply({ sql, types, tenantScoped }: MigrationContext): Promise<void> {
    await sql(
      `create table idempotency_keys (
        tenant_id ${types.uuid} not null, scope varchar not null, body_hash varchar not null, answer text,
        expires_at ${types.timestamp} not null,
        constraint idempotency_keys_pk primary key (tenant_id, scope))`,
      `create index idempotency_keys_expiry_ix on idempotency_keys (tenant_id, expires_at)`,
    );
    await tenantScoped('idempotency_keys');
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('drop table idempotency_keys');
  }
}
