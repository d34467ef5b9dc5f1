import {
  type MigrationContext,
  PortableMigration,
  trackChangesOf,
  untrackChangesOf,
} from '@atlas/persistence';

/** Each table, with the column that makes up its primary key together with the tenant. */
const TABLES = [
  ['runbook_credentials', 'runbook_id'],
  ['automation_secrets', 'run_id'],
] as const;

/** The credentials in headers of runbooks, and the values of secret parameters of runs, sealed. */
export class KeepSecretsOfRunbooks1700000000047 extends PortableMigration {
  protected async apply({ driver, sql, types: { uuid }, tenantScoped }: MigrationContext): Promise<void> {
    for (const [table, key] of TABLES)
      await sql(
        `create table ${table} (
          tenant_id ${uuid} not null, ${key} ${uuid} not null, sealed text not null,
          constraint ${table}_pk primary key (tenant_id, ${key}))`,
        ...trackChangesOf(driver, table, [key]),
      );
    await tenantScoped(...TABLES.map(([table]) => table));
  }
  protected async revert({ driver, sql }: MigrationContext): Promise<void> {
    for (const [table] of TABLES.toReversed())
      await sql(...untrackChangesOf(driver, table), `drop table ${table}`);
  }
}
