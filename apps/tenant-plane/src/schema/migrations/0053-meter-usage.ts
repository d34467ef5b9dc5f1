import {
  type MigrationContext,
  PortableMigration,
  forgetDueTimesOf,
  noteDueTimesOf,
  trackChangesOf,
  untrackChangesOf,
} from '@atlas/persistence';

/** What tenants use, by day. A row is due as long as the Control Plane does not know its amount. */
export class MeterUsage1700000000053 extends PortableMigration {
  protected async apply({ driver, sql, types, tenantScoped }: MigrationContext): Promise<void> {
    const { bigint, timestamp, uuid } = types;
    await sql(
      `create table usage_days (
        tenant_id ${uuid} not null, id ${uuid} not null, day varchar not null, meter varchar not null,
        part varchar not null, amount ${bigint} not null, report_at ${timestamp},
        constraint usage_days_pk primary key (tenant_id, id),
        constraint usage_days_uq unique (tenant_id, day, meter, part))`,
      ...trackChangesOf(driver, 'usage_days', ['id']),
      ...noteDueTimesOf(driver, 'usage_days', 'report_at'),
    );
    await tenantScoped('usage_days');
  }
  protected async revert({ driver, sql }: MigrationContext): Promise<void> {
    await sql(
      ...forgetDueTimesOf(driver, 'usage_days'),
      ...untrackChangesOf(driver, 'usage_days'),
      'drop table usage_days',
    );
  }
}
