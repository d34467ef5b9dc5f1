import { type MigrationContext, PortableMigration } from '@atlas/persistence';

export class MeterUsage1700000000055 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      `create table tenant_usage (
        tenant_id ${types.uuid} not null, day varchar not null, meter varchar not null,
        amount ${types.bigint} not null,
        constraint tenant_usage_pk primary key (tenant_id, day, meter))`,
    );
  }

  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('drop table tenant_usage');
  }
}
