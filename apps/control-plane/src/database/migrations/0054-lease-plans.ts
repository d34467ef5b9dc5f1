import { type MigrationContext, PortableMigration } from '@atlas/persistence';

export class LeasePlans1700000000054 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      `alter table tenants add column plan_overrides ${types.json}`,
      "alter table tenants add column billing_state varchar not null default 'ok'",
      `alter table tenants add column past_due_since ${types.timestamp}`,
      `alter table tenants add column billing_job_id ${types.uuid}`,
      `alter table tenants add column leased_at ${types.timestamp}`,
      // Finds the leases to renew.
      'create index tenants_leased_ix on tenants (coalesce(leased_at, created_at))',
    );
  }

  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql(
      'drop index tenants_leased_ix',
      'alter table tenants drop column leased_at',
      'alter table tenants drop column billing_job_id',
      'alter table tenants drop column past_due_since',
      'alter table tenants drop column billing_state',
      'alter table tenants drop column plan_overrides',
    );
  }
}
