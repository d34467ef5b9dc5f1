import {
  type MigrationContext,
  PortableMigration,
  forgetDueTimesOf,
  noteDueTimesOf,
  trackChangesOf,
  untrackChangesOf,
} from '@atlas/persistence';

/** Service level objectives, and the events that they count, by minute. */
export class CreateSlos1700000000041 extends PortableMigration {
  protected async apply({ driver, sql, types, tenantScoped }: MigrationContext): Promise<void> {
    const { json, timestamp, uuid } = types;
    await sql(
      `create table slos (
        tenant_id ${uuid} not null, id ${uuid} not null, name varchar not null, service varchar,
        ci_id ${uuid}, objective double precision not null, window_days integer not null,
        indicator ${json} not null, indicator_error ${json}, asked_until integer,
        firing varchar, incident_id ${uuid},
        created_at ${timestamp} not null, updated_at ${timestamp} not null, deleted_at ${timestamp},
        due_at ${timestamp}, constraint slos_pk primary key (tenant_id, id))`,
      'create index slos_item_ix on slos (tenant_id, ci_id, id)',
      `create table slo_buckets (
        tenant_id ${uuid} not null, id ${uuid} not null, slo_id ${uuid} not null, minute integer not null,
        good double precision not null, total double precision not null,
        constraint slo_buckets_pk primary key (tenant_id, id),
        constraint slo_buckets_minute_uq unique (tenant_id, slo_id, minute))`,
      ...trackChangesOf(driver, 'slos', ['id']),
      ...trackChangesOf(driver, 'slo_buckets', ['id']),
      ...noteDueTimesOf(driver, 'slos', 'due_at'),
    );
    await tenantScoped('slos', 'slo_buckets');
  }
  protected async revert({ driver, sql }: MigrationContext): Promise<void> {
    await sql(
      ...forgetDueTimesOf(driver, 'slos'),
      ...['slo_buckets', 'slos'].flatMap((table) => [
        ...untrackChangesOf(driver, table),
        `drop table ${table}`,
      ]),
    );
  }
}
