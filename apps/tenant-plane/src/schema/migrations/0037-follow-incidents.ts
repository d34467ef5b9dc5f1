import {
  type MigrationContext,
  PortableMigration,
  forgetDueTimesOf,
  noteDueTimesOf,
  trackChangesOf,
  untrackChangesOf,
} from '@atlas/persistence';

/** The timeline, the assignee, the affected items and the service levels of incidents. */
export class FollowIncidents1700000000037 extends PortableMigration {
  protected async apply({ driver, sql, types, tenantScoped }: MigrationContext): Promise<void> {
    const { json, timestamp, uuid } = types;
    const columns = columnsOf(types);
    await sql(
      ...columns.map((column) => `alter table incidents add column ${column}`),
      'create index incidents_severity_ix on incidents (tenant_id, severity, id)',
      'create index incidents_assignee_ix on incidents (tenant_id, assignee_id, id)',
      'create index incidents_creator_ix on incidents (tenant_id, created_by, id)',
      `create table incident_timeline (
        tenant_id ${uuid} not null, id ${uuid} not null, incident_id ${uuid} not null,
        position integer not null,
        at ${timestamp} not null, kind varchar not null, by_user ${uuid}, data ${json} not null,
        constraint incident_timeline_pk primary key (tenant_id, id),
        constraint incident_timeline_position_uq unique (tenant_id, incident_id, position))`,
      `create table incident_items (
        tenant_id ${uuid} not null, id ${uuid} not null, incident_id ${uuid} not null,
        item_id ${uuid} not null,
        constraint incident_items_pk primary key (tenant_id, id),
        constraint incident_items_uq unique (tenant_id, incident_id, item_id))`,
      'create index incident_items_item_ix on incident_items (tenant_id, item_id, incident_id)',
      `create table sla_targets (
        tenant_id ${uuid} not null, severity varchar not null, response_minutes integer not null,
        resolution_minutes integer not null, constraint sla_targets_pk primary key (tenant_id, severity))`,
      ...trackChangesOf(driver, 'incident_timeline', ['id']),
      ...trackChangesOf(driver, 'incident_items', ['id']),
      ...trackChangesOf(driver, 'sla_targets', ['severity']),
      ...noteDueTimesOf(driver, 'incidents', 'sla_due_at'),
    );
    await tenantScoped('incident_timeline', 'incident_items', 'sla_targets');
  }
  protected async revert({ driver, sql, types }: MigrationContext): Promise<void> {
    await sql(
      ...forgetDueTimesOf(driver, 'incidents'),
      ...['sla_targets', 'incident_items', 'incident_timeline'].flatMap((table) => [
        ...untrackChangesOf(driver, table),
        `drop table ${table}`,
      ]),
      ...['creator', 'assignee', 'severity'].map((column) => `drop index incidents_${column}_ix`),
      ...columnsOf(types).map((column) => `alter table incidents drop column ${column.split(' ')[0]}`),
    );
  }
}

function columnsOf({ json, timestamp, uuid }: MigrationContext['types']): string[] {
  return [
    `source varchar not null default 'manual'`,
    `assignee_id ${uuid}`,
    'alert_count integer not null default 0',
    `acknowledged_at ${timestamp}`,
    `closed_at ${timestamp}`,
    'resolution_notes text',
    'root_cause text',
    `sla_policy ${json}`,
    `response_due_at ${timestamp}`,
    `resolution_due_at ${timestamp}`,
    `responded_at ${timestamp}`,
    `response_breached_at ${timestamp}`,
    `resolution_breached_at ${timestamp}`,
    `sla_due_at ${timestamp}`,
    'timeline_length integer not null default 0',
  ];
}
