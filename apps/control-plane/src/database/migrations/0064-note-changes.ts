import { type MigrationContext, PortableMigration, type DatabaseDriver } from '@atlas/persistence';

const LIVE = "('queued', 'running', 'waiting')";
const TENANT = 'tenant';
const PLANE = 'tenant_plane';

/** A change of a row that may be a drift, or the end of one. */
interface Noted {
  readonly table: string;
  readonly name: string;
  /** `of` lists columns. Without it, the deletion of a row is noted. */
  readonly of?: readonly string[];
  /** Replaces the condition that one of the columns has changed. */
  readonly when?: string;
  /** Selects the kinds and ids of the subjects to compare. */
  readonly subjects: string;
}

/**
 * What a plane's reports change in normal operation is not noted, only what may be a drift. The end of a job
 * is noted, because a subject that a job is working on is not compared.
 */
const NOTED: readonly Noted[] = [
  {
    table: 'tenants',
    name: 'tenants_changed',
    of: ['status', 'deployment_model', 'url', 'endpoint_url', 'db_url_sealed', 'restorable_until'],
    subjects: `select '${TENANT}', new.id`,
  },
  {
    table: 'placements',
    name: 'placements_changed',
    of: ['phase', 'holds_place', 'restored_from', 'imported_by', 'tenant_plane_id'],
    subjects: `select '${TENANT}', new.tenant_id`,
  },
  {
    table: 'placements',
    name: 'placements_reported',
    of: ['entry_revision', 'reported_revision', 'reported_state'],
    when: `(new.reported_state = 'failed' and coalesce(old.reported_state, '') <> 'failed'
      or new.reported_revision < old.reported_revision or new.entry_revision < old.entry_revision)`,
    subjects: `select '${TENANT}', new.tenant_id`,
  },
  { table: 'placements', name: 'placements_deleted', subjects: `select '${TENANT}', old.tenant_id` },
  {
    table: 'tenant_planes',
    name: 'tenant_planes_changed',
    of: ['health_status', 'reported_endpoint_url', 'endpoint_returned_at', 'applied_revision'],
    subjects: `select '${PLANE}', new.id`,
  },
  {
    table: 'tenant_planes',
    name: 'tenant_planes_moved',
    of: ['status', 'instance_id', 'endpoint_url', 'db_url_sealed', 'infrastructure_driver'],
    subjects: `select '${PLANE}', new.id
      union all select '${TENANT}', tenant_id from placements
        where tenant_plane_id = new.id and holds_place`,
  },
  {
    table: 'provisioning_jobs',
    name: 'provisioning_jobs_ended',
    of: ['status'],
    when: `(new.status not in ${LIVE} and old.status in ${LIVE})`,
    subjects: `select '${TENANT}', new.tenant_id where new.tenant_id is not null
      union all select '${PLANE}', new.tenant_plane_id where new.tenant_plane_id is not null`,
  },
];

/** Keeps what reconciliation needs to know between its rounds: what has changed, and how far it has come. */
export class NoteChanges1700000000064 extends PortableMigration {
  protected async apply({ sql, types, driver }: MigrationContext): Promise<void> {
    const position =
      driver === 'postgres'
        ? 'bigint not null generated always as identity constraint reconcile_changes_pk primary key'
        : 'integer not null constraint reconcile_changes_pk primary key autoincrement';
    await sql(
      `create table reconcile_changes (
        position ${position}, kind varchar not null, subject_id ${types.uuid} not null)`,
      `create table reconcile_cursors (
        name varchar not null, position varchar,
        constraint reconcile_cursors_pk primary key (name))`,
      `create table reconcile_passes (
        id integer not null, pass_id ${types.uuid}, is_running ${types.boolean} not null,
        started_at ${types.timestamp},
        finished_at ${types.timestamp}, lease_number integer not null, lease_expires_at ${types.timestamp},
        part varchar, position varchar, expected integer not null, looked_at integer not null,
        found integer not null, repaired integer not null, gone integer not null,
        not_looked_at ${types.json} not null,
        constraint reconcile_passes_pk primary key (id))`,
      `insert into reconcile_passes
        (id, is_running, lease_number, expected, looked_at, found, repaired, gone, not_looked_at)
        values (1, false, 0, 0, 0, 0, 0, 0, '[]')`,
    );
    for (const noted of NOTED) await sql(...triggerOf(driver, noted));
  }

  protected async revert({ sql, driver }: MigrationContext): Promise<void> {
    for (const { table, name } of NOTED)
      await sql(
        ...(driver === 'postgres'
          ? [`drop trigger ${name} on ${table}`, `drop function ${name}()`]
          : [`drop trigger ${name}`]),
      );
    await sql('drop table reconcile_passes', 'drop table reconcile_cursors', 'drop table reconcile_changes');
  }
}

function triggerOf(driver: DatabaseDriver, { table, name, of, when, subjects }: Noted): string[] {
  const differs = driver === 'postgres' ? 'is distinct from' : 'is not';
  const condition = when ?? of?.map((column) => `new.${column} ${differs} old.${column}`).join(' or ');
  const head = `create trigger ${name} after ${of ? `update of ${of.join(', ')}` : 'delete'} on ${table}
    for each row${condition === undefined ? '' : ` when (${condition})`}`;
  const note = `insert into reconcile_changes (kind, subject_id) ${subjects};`;
  if (driver === 'sqlite') return [`${head} begin ${note} end`];
  return [
    `create function ${name}() returns trigger language plpgsql as $$ begin ${note} return null; end $$`,
    `${head} execute function ${name}()`,
  ];
}
