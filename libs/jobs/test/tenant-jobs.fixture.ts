import {
  type Database,
  type MigrationContext,
  PortableMigration,
  type Signals,
  type TenantOwned,
  createWriteProbes,
} from '@atlas/persistence';
import { type Clock } from '@atlas/platform';
import { Entity, type EntityManager, PrimaryColumn } from 'typeorm';
import { JobRow, Jobs } from '../src';

/** A job of one tenant, in a table under forced row-level security. */
@Entity('tenant_jobs')
export class TenantJob extends JobRow implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
}

/** The live jobs, with their tenants and due times: all that is visible outside a tenant's scope. */
const DUE_JOBS = 'due_jobs';

/** Triggers that keep {@link DUE_JOBS} up to date on every write to a job. */
function dueTriggers(driver: string): string[] {
  const isLive = "new.status in ('queued', 'running', 'waiting')";
  const [drop, add] = [
    `delete from ${DUE_JOBS} where job_id = new.id;`,
    `insert into ${DUE_JOBS} (job_id, tenant_id, due_at) select new.id, new.tenant_id, new.due_at ` +
      `where ${isLive};`,
  ];
  if (driver === 'sqlite')
    return ['insert', 'update'].map(
      (event) => `create trigger ${DUE_JOBS}_${event} after ${event} on tenant_jobs begin ${drop} ${add} end`,
    );
  return [
    `create function note_due_job() returns trigger language plpgsql as $$ begin ${drop} ${add} ` +
      'return null; end $$',
    `create trigger ${DUE_JOBS}_noted after insert or update on tenant_jobs
       for each row execute function note_due_job()`,
  ];
}

class CreateTenantJobs1700000000001 extends PortableMigration {
  protected async apply({ driver, sql, types, tenantScoped }: MigrationContext): Promise<void> {
    const { uuid, json, timestamp } = types;
    await sql(
      `create table tenant_jobs (tenant_id ${uuid} not null, id ${uuid} not null, operation varchar not null,
         parent_id ${uuid}, is_dismissed boolean not null, params ${json} not null, status varchar not null,
         direction varchar not null, steps ${json} not null, error ${json}, lease_owner varchar,
         lease_number integer not null, lease_expires_at ${timestamp}, due_at ${timestamp} not null,
         wakes integer not null, created_at ${timestamp} not null, started_at ${timestamp},
           finished_at ${timestamp},
         constraint tenant_jobs_pk primary key (tenant_id, id))`,
      `create table ${DUE_JOBS} (job_id ${uuid} not null, tenant_id ${uuid} not null,
        due_at ${timestamp} not null,
         constraint due_jobs_pk primary key (job_id))`,
      ...dueTriggers(driver),
      ...createWriteProbes(),
    );
    await tenantScoped('tenant_jobs');
  }

  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('drop table tenant_jobs', `drop table ${DUE_JOBS}`, 'drop table write_probes');
  }
}

export const TENANT_JOBS_SCHEMA = { entities: [TenantJob], migrations: [CreateTenantJobs1700000000001] };

export class TenantJobs extends Jobs<TenantJob> {
  constructor(database: Database, signals: Signals, clock: Clock) {
    super(TenantJob, database, signals, clock);
  }

  override async read<T>(jobId: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.database.readAs(await this.tenantOf(jobId), work);
  }

  override async write<T>(jobId: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.database.writeAs(await this.tenantOf(jobId), work);
  }

  override async due(limit: number): Promise<string[]> {
    const rows = await this.database.read((manager) =>
      manager.query<{ job_id: string }[]>(
        `select job_id from ${DUE_JOBS} where due_at <= ${this.database.fromNow(0)} order by due_at ` +
          `limit ${limit}`,
      ),
    );
    return rows.map((row) => row.job_id);
  }

  private async tenantOf(jobId: string): Promise<string> {
    const [row] = await this.database.read((manager) =>
      manager.query<{ tenant_id: string }[]>(`select tenant_id from ${DUE_JOBS} where job_id = $1`, [jobId]),
    );
    if (!row) throw new Error(`Job ${jobId} has ended.`);
    return row.tenant_id;
  }
}
