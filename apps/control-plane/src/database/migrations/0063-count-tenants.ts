import { type MigrationContext, PortableMigration } from '@atlas/persistence';

const TALLY = 'insert into tenant_tallies (status, deployment_model, change) values';
const GONE = `${TALLY} (old.status, old.deployment_model, -1)`;
const COME = `${TALLY} (new.status, new.deployment_model, 1)`;
const IS_CHANGED = '(old.status <> new.status or old.deployment_model <> new.deployment_model)';

// With `in`, SQLite would use the index on statuses for jobs that need attention, and sort what it finds.
const IS_STOPPED = "status not in ('queued', 'running', 'waiting', 'succeeded')";
/** The jobs before the row aliased `new` that concern the same tenant, or the same plane. */
const EARLIER = `id < new.id and ${IS_STOPPED} and not is_followed and (tenant_id = new.tenant_id
  or new.tenant_id is null and tenant_id is null and tenant_plane_id = new.tenant_plane_id)`;
const FOLLOW = `update provisioning_jobs set is_followed = true where ${EARLIER}`;
const IS_FOLLOWED = `exists (select 1 from provisioning_jobs later where later.id > provisioning_jobs.id
  and (later.tenant_id = provisioning_jobs.tenant_id or later.tenant_id is null
    and provisioning_jobs.tenant_id is null
    and later.tenant_plane_id = provisioning_jobs.tenant_plane_id))`;

/**
 * Counts tenants as they change, and finds stopped jobs that no other job has followed. Triggers do both, so
 * that it holds for what processes of the previous version write, too.
 */
export class CountTenants1700000000063 extends PortableMigration {
  protected async apply({ driver, sql }: MigrationContext): Promise<void> {
    const id =
      driver === 'postgres'
        ? 'bigint not null generated always as identity constraint tenant_tallies_pk primary key'
        : 'integer not null constraint tenant_tallies_pk primary key autoincrement';
    await sql(
      `create table tenant_tallies (id ${id}, status varchar not null, deployment_model varchar not null,
        change integer not null)`,
      ...(driver === 'postgres' ? POSTGRES_TRIGGERS : SQLITE_TRIGGERS),
      `insert into tenant_tallies (status, deployment_model, change)
        select status, deployment_model, count(*) from tenants group by status, deployment_model`,
      'alter table provisioning_jobs add column is_followed boolean not null default false',
      `update provisioning_jobs set is_followed = true where ${IS_STOPPED} and ${IS_FOLLOWED}`,
      `create index provisioning_jobs_attention_ix on provisioning_jobs (id)
        where ${IS_STOPPED} and not is_dismissed and not is_followed`,
    );
  }

  protected async revert({ driver, sql }: MigrationContext): Promise<void> {
    await sql(
      'drop index provisioning_jobs_attention_ix',
      ...(driver === 'postgres' ? DROP_POSTGRES_TRIGGERS : DROP_SQLITE_TRIGGERS),
      'alter table provisioning_jobs drop column is_followed',
      'drop table tenant_tallies',
    );
  }
}

const POSTGRES_TRIGGERS = [
  `create function tally_tenants() returns trigger language plpgsql as $$ begin
    if tg_op <> 'INSERT' then ${GONE}; end if;
    if tg_op <> 'DELETE' then ${COME}; end if;
    return null; end $$`,
  `create trigger tenants_tallied after insert or delete on tenants
    for each row execute function tally_tenants()`,
  `create trigger tenants_tallied_anew after update on tenants
    for each row when ${IS_CHANGED} execute function tally_tenants()`,
  `create function follow_jobs() returns trigger language plpgsql as $$ begin
    ${FOLLOW}; return null; end $$`,
  // Provisioning is the first job of its tenant, so it follows no other.
  `create trigger provisioning_jobs_followed after insert on provisioning_jobs
    for each row when (new.operation <> 'provision') execute function follow_jobs()`,
];
const DROP_POSTGRES_TRIGGERS = [
  'drop trigger provisioning_jobs_followed on provisioning_jobs',
  'drop function follow_jobs()',
  'drop trigger tenants_tallied_anew on tenants',
  'drop trigger tenants_tallied on tenants',
  'drop function tally_tenants()',
];

const SQLITE_TRIGGERS = [
  `create trigger tenants_tallied after insert on tenants begin ${COME}; end`,
  `create trigger tenants_tallied_gone after delete on tenants begin ${GONE}; end`,
  `create trigger tenants_tallied_anew after update on tenants when ${IS_CHANGED}
    begin ${GONE}; ${COME}; end`,
  `create trigger provisioning_jobs_followed after insert on provisioning_jobs
    when new.operation <> 'provision' begin ${FOLLOW}; end`,
];
const DROP_SQLITE_TRIGGERS = [
  'drop trigger provisioning_jobs_followed',
  'drop trigger tenants_tallied_anew',
  'drop trigger tenants_tallied_gone',
  'drop trigger tenants_tallied',
];
