import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/** Lists the runs of one runbook. */
export class IndexRunsOfRunbooks1700000000051 extends PortableMigration {
  protected async apply({ sql }: MigrationContext): Promise<void> {
    await sql('create index automation_runs_runbook_ix on automation_runs (tenant_id, runbook_id, id)');
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('drop index automation_runs_runbook_ix');
  }
}
