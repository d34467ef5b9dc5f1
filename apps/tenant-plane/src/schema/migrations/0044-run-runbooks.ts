import {
  type MigrationContext,
  PortableMigration,
  forgetDueTimesOf,
  noteDueTimesOf,
  trackChangesOf,
  untrackChangesOf,
} from '@atlas/persistence';

/** Each table, with the column that makes up its primary key together with the tenant. */
const TABLES = [
  ['automation_policies', 'subject'],
  ['automation_runs', 'id'],
  ['automation_steps', 'id'],
  ['automation_outputs', 'step_id'],
  ['agents', 'id'],
] as const;

/** Runs of runbooks, their steps and outputs, the policy that they follow, and the agents that run steps. */
export class RunRunbooks1700000000044 extends PortableMigration {
  protected async apply({ driver, sql, types, tenantScoped }: MigrationContext): Promise<void> {
    const { bigint, json, timestamp, uuid } = types;
    await sql(
      `create table automation_policies (
        tenant_id ${uuid} not null, subject varchar not null, level integer not null,
        overrides ${json} not null, changed_at ${timestamp} not null,
        constraint automation_policies_pk primary key (tenant_id, subject))`,
      `create table automation_runs (
        tenant_id ${uuid} not null, id ${uuid} not null, runbook_id ${uuid} not null,
        runbook_version integer not null, incident_id ${uuid}, status varchar not null,
        requested_by ${uuid} not null, parameters ${json} not null, created_at ${timestamp} not null,
        finished_at ${timestamp}, due_at ${timestamp},
        constraint automation_runs_pk primary key (tenant_id, id))`,
      'create index automation_runs_status_ix on automation_runs (tenant_id, status, id)',
      'create index automation_runs_incident_ix on automation_runs (tenant_id, incident_id, id)',
      `create table automation_steps (
        tenant_id ${uuid} not null, id ${uuid} not null, run_id ${uuid} not null,
        position integer not null, name varchar not null, kind varchar not null, risk varchar not null,
        status varchar not null, config ${json} not null, agent_selector ${json} not null,
        timeout_seconds integer not null, on_failure varchar not null, asked_by ${uuid} not null,
        approval ${json}, agent_id ${uuid}, lease_id ${uuid}, lease_expires_at ${timestamp},
        exit_code integer, output_bytes ${bigint} not null, started_at ${timestamp},
        finished_at ${timestamp}, error ${json},
        constraint automation_steps_pk primary key (tenant_id, id),
        constraint automation_steps_position_uq unique (tenant_id, run_id, position))`,
      'create index automation_steps_status_ix on automation_steps (tenant_id, status, run_id)',
      'create index automation_steps_lease_ix on automation_steps (tenant_id, lease_id)',
      'create index automation_steps_agent_ix on automation_steps (tenant_id, agent_id, status)',
      `create table automation_outputs (
        tenant_id ${uuid} not null, step_id ${uuid} not null, tail text not null,
        constraint automation_outputs_pk primary key (tenant_id, step_id))`,
      `create table agents (
        tenant_id ${uuid} not null, id ${uuid} not null, name varchar not null, labels ${json},
        reported_labels ${json} not null, key_hash varchar not null, version varchar, hostname varchar,
        last_contact_at ${timestamp}, created_at ${timestamp} not null,
        constraint agents_pk primary key (tenant_id, id),
        constraint agents_key_uq unique (tenant_id, key_hash))`,
      ...TABLES.flatMap(([table, key]) => trackChangesOf(driver, table, [key])),
      ...noteDueTimesOf(driver, 'automation_runs', 'due_at'),
    );
    await tenantScoped(...TABLES.map(([table]) => table));
  }
  protected async revert({ driver, sql }: MigrationContext): Promise<void> {
    await sql(
      ...forgetDueTimesOf(driver, 'automation_runs'),
      ...TABLES.toReversed().flatMap(([table]) => [
        ...untrackChangesOf(driver, table),
        `drop table ${table}`,
      ]),
    );
  }
}
