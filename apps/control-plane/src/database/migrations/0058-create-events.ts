import { type MigrationContext, PortableMigration } from '@atlas/persistence';

export class CreateEvents1700000000058 extends PortableMigration {
  protected async apply({ sql, types, driver }: MigrationContext): Promise<void> {
    // Assigned under the lock of the event's subject, so a subject's events are numbered in commit order.
    const position =
      driver === 'postgres'
        ? 'bigint not null generated always as identity constraint outgoing_events_pk primary key'
        : 'integer not null constraint outgoing_events_pk primary key autoincrement';
    await sql(
      `create table outgoing_events (
        position ${position}, id ${types.uuid} not null, type varchar not null, subject varchar not null,
        data ${types.json} not null, occurred_at ${types.timestamp} not null)`,
      `create table event_subscriptions (
        id ${types.uuid} not null, url varchar not null, events ${types.json} not null, description varchar,
        secret_sealed text not null, created_at ${types.timestamp} not null, disabled_at ${types.timestamp},
        skipped integer not null, skipped_at ${types.timestamp},
        constraint event_subscriptions_pk primary key (id))`,
      `create table event_deliveries (
        id ${types.uuid} not null, subscription_id ${types.uuid} not null, event_id ${types.uuid} not null,
        type varchar not null, subject varchar not null, position ${types.bigint} not null,
        body text not null, status varchar not null, attempts integer not null,
        next_attempt_at ${types.timestamp} not null,
        last_answer ${types.json}, created_at ${types.timestamp} not null, finished_at ${types.timestamp},
        constraint event_deliveries_pk primary key (id),
        constraint event_deliveries_event_uq unique (subscription_id, event_id),
        constraint event_deliveries_subscription_fk
          foreign key (subscription_id) references event_subscriptions (id) on delete cascade)`,
      'create index event_deliveries_list_ix on event_deliveries (subscription_id, id)',
      `create index event_deliveries_order_ix on event_deliveries (subscription_id, subject, position)
        where status = 'waiting'`,
      `create index event_deliveries_due_ix on event_deliveries (next_attempt_at) where status = 'waiting'`,
      `create index event_deliveries_finished_ix on event_deliveries (finished_at)
        where finished_at is not null`,
      `create table plane_outages (
        tenant_plane_id ${types.uuid} not null, since ${types.timestamp} not null,
        constraint plane_outages_pk primary key (tenant_plane_id),
        constraint plane_outages_plane_fk
          foreign key (tenant_plane_id) references tenant_planes (id) on delete cascade)`,
    );
  }

  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql(
      'drop table plane_outages',
      'drop table event_deliveries',
      'drop table event_subscriptions',
      'drop table outgoing_events',
    );
  }
}
