import { type MigrationContext, PortableMigration } from '@atlas/persistence';

const LIVE = `status in ('queued', 'running', 'waiting')`;

/** Gives jobs parameters, and lets a job target a tenant plane instead of a tenant. */
export class OpenJobsToPlanes1700000000005 extends PortableMigration {
  protected async apply({ driver, sql, types }: MigrationContext): Promise<void> {
    if (driver === 'postgres') {
      await sql(
        `alter table provisioning_jobs add column params jsonb not null default '{}'`,
        `alter table provisioning_jobs add column tenant_plane_id uuid
           constraint provisioning_jobs_plane_fk references tenant_planes (id)`,
        `alter table provisioning_jobs alter column tenant_id drop not null`,
      );
    } else {
      // SQLite cannot drop a column constraint, so the table is rebuilt.
      await sql(...rebuilt(types, `params text not null, tenant_plane_id varchar,`, '', `'{}', null`));
    }
    await sql(
      `create unique index provisioning_jobs_live_plane_uq on provisioning_jobs (tenant_plane_id)
        where tenant_plane_id is not null and ${LIVE}`,
    );
  }
  protected async revert({ driver, sql, types }: MigrationContext): Promise<void> {
    await sql(
      'drop index provisioning_jobs_live_plane_uq',
      'delete from provisioning_jobs where tenant_id is null',
    );
    if (driver === 'postgres') {
      await sql(
        'alter table provisioning_jobs drop column params',
        'alter table provisioning_jobs drop column tenant_plane_id',
        'alter table provisioning_jobs alter column tenant_id set not null',
      );
    } else {
      await sql(...rebuilt(types, '', 'not null', ''));
    }
  }
}

const COLUMNS = `id, operation, tenant_id, status, direction, steps, error, lease_owner, lease_number,
  lease_expires_at, due_at, wakes, created_at, started_at, finished_at`;

function rebuilt(
  types: MigrationContext['types'],
  added: string,
  tenantRule: string,
  addedValues: string,
): string[] {
  const fkOfPlane =
    added &&
    ', constraint provisioning_jobs_plane_fk foreign key (tenant_plane_id) references tenant_planes (id)';
  const into = added ? `${COLUMNS}, params, tenant_plane_id` : COLUMNS;
  const from = addedValues ? `${COLUMNS}, ${addedValues}` : COLUMNS;
  return [
    `create table provisioning_jobs_new (
      id ${types.uuid} not null, operation varchar not null, tenant_id ${types.uuid} ${tenantRule},
      status varchar not null, direction varchar not null, steps ${types.json} not null,
      error ${types.json}, lease_owner varchar, lease_number integer not null,
      lease_expires_at ${types.timestamp}, due_at ${types.timestamp} not null, wakes integer not null,
      created_at ${types.timestamp} not null, started_at ${types.timestamp}, finished_at ${types.timestamp},
      ${added}
      constraint provisioning_jobs_pk primary key (id),
      constraint provisioning_jobs_tenant_fk foreign key (tenant_id) references tenants (id)${fkOfPlane})`,
    `insert into provisioning_jobs_new (${into}) select ${from} from provisioning_jobs`,
    `drop table provisioning_jobs`,
    `alter table provisioning_jobs_new rename to provisioning_jobs`,
    `create unique index provisioning_jobs_live_uq on provisioning_jobs (tenant_id) where ${LIVE}`,
    `create index provisioning_jobs_due_ix on provisioning_jobs (due_at) where ${LIVE}`,
    `create index provisioning_jobs_tenant_ix on provisioning_jobs (tenant_id, id)`,
  ];
}
