import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * Counts each tenant's tokens per month. A reservation has no foreign key, because checking it would wait for
 * every operation that locks the tenant.
 */
export class CountAiUsage1700000000057 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      `create table ai_usage (
        tenant_id ${types.uuid} not null, month varchar not null,
        prompt_tokens ${types.bigint} not null, completion_tokens ${types.bigint} not null,
        lost_tokens ${types.bigint} not null, reserved_tokens ${types.bigint} not null,
        questions integer not null, estimated_questions integer not null,
        constraint ai_usage_pk primary key (tenant_id, month),
        constraint ai_usage_tenant_fk foreign key (tenant_id) references tenants (id))`,
      `create table ai_reservations (
        id ${types.uuid} not null, tenant_id ${types.uuid} not null, month varchar not null,
        tokens ${types.bigint} not null, expires_at ${types.timestamp} not null,
        constraint ai_reservations_pk primary key (id))`,
      'create index ai_reservations_expiry_ix on ai_reservations (expires_at)',
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('drop table ai_reservations', 'drop table ai_usage');
  }
}
