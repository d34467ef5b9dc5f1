import {
  type MigrationContext,
  PortableMigration,
  forgetDueTimesOf,
  noteDueTimesOf,
  trackChangesOf,
  untrackChangesOf,
} from '@atlas/persistence';

const TABLES = ['data_sources', 'alerts', 'alert_groups', 'silences'];

/** Data sources, their alerts, and silences. */
export class ReceiveAlerts1700000000039 extends PortableMigration {
  protected async apply({ driver, sql, types, tenantScoped }: MigrationContext): Promise<void> {
    const { json, timestamp, uuid } = types;
    await sql(
      `create table data_sources (
        tenant_id ${uuid} not null, id ${uuid} not null, name varchar not null, kind varchar not null,
        key_hash varchar, previous_keys ${json} not null,
        group_by ${json} not null, window_minutes integer not null, enabled boolean not null,
        last_received_at ${timestamp}, created_at ${timestamp} not null, deleted_at ${timestamp},
        constraint data_sources_pk primary key (tenant_id, id),
        constraint data_sources_key_uq unique (tenant_id, key_hash))`,
      `create table alerts (
        tenant_id ${uuid} not null, id ${uuid} not null, source_id ${uuid} not null,
        fingerprint varchar not null, status varchar not null, labels ${json} not null,
        annotations ${json} not null, starts_at ${timestamp} not null, ends_at ${timestamp},
        last_received_at ${timestamp} not null, count integer not null, incident_id ${uuid},
        silence_id ${uuid}, created_at ${timestamp} not null,
        constraint alerts_pk primary key (tenant_id, id),
        constraint alerts_uq unique (tenant_id, source_id, fingerprint))`,
      'create index alerts_status_ix on alerts (tenant_id, status, id)',
      'create index alerts_source_ix on alerts (tenant_id, source_id, id)',
      'create index alerts_incident_ix on alerts (tenant_id, incident_id, id) where incident_id is not null',
      'create index alerts_silence_ix on alerts (tenant_id, silence_id, id) where silence_id is not null',
      `create table alert_groups (
        tenant_id ${uuid} not null, id ${uuid} not null, source_id ${uuid} not null,
        key varchar not null, incident_id ${uuid} not null,
        constraint alert_groups_pk primary key (tenant_id, id),
        constraint alert_groups_uq unique (tenant_id, source_id, key))`,
      `create table silences (
        tenant_id ${uuid} not null, id ${uuid} not null, matchers ${json} not null,
        starts_at ${timestamp} not null, ends_at ${timestamp} not null, comment varchar not null,
        created_by ${uuid} not null, created_at ${timestamp} not null, due_at ${timestamp},
        constraint silences_pk primary key (tenant_id, id))`,
      'create index silences_due_ix on silences (tenant_id, starts_at) where due_at is not null',
      'create index configuration_items_own_key_ix on configuration_items (tenant_id, key)',
      'create index configuration_items_name_ix on configuration_items (tenant_id, name)',
      ...TABLES.flatMap((table) => trackChangesOf(driver, table, ['id'])),
      ...noteDueTimesOf(driver, 'silences', 'due_at'),
    );
    await tenantScoped(...TABLES);
  }
  protected async revert({ driver, sql }: MigrationContext): Promise<void> {
    await sql(
      'drop index configuration_items_name_ix',
      'drop index configuration_items_own_key_ix',
      ...forgetDueTimesOf(driver, 'silences'),
      ...TABLES.toReversed().flatMap((table) => [...untrackChangesOf(driver, table), `drop table ${table}`]),
    );
  }
}
