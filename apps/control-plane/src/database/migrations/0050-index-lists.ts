import { type MigrationContext, PortableMigration } from '@atlas/persistence';

const COLUMNS = ['slug', 'name', 'admin_email'];

const FILTERS = {
  tenants_status_ix: 'tenants (status, id)',
  tenants_model_ix: 'tenants (deployment_model, id)',
  provisioning_jobs_status_ix: 'provisioning_jobs (status, id)',
  provisioning_jobs_operation_ix: 'provisioning_jobs (operation, id)',
};

/** Serves the filters of lists, and finds tenants by how their slug, name or first admin's address begins. */
export class IndexLists1700000000050 extends PortableMigration {
  protected async apply({ sql, driver }: MigrationContext): Promise<void> {
    const inBytes = driver === 'postgres' ? ' collate "C"' : '';
    for (const column of COLUMNS)
      await sql(`create index tenants_${column}_start_ix on tenants (lower(${column})${inBytes})`);
    for (const [name, on] of Object.entries(FILTERS)) await sql(`create index ${name} on ${on}`);
  }

  protected async revert({ sql }: MigrationContext): Promise<void> {
    for (const name of Object.keys(FILTERS)) await sql(`drop index ${name}`);
    for (const column of COLUMNS) await sql(`drop index tenants_${column}_start_ix`);
  }
}
