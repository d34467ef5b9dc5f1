import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * Stores the number from which a tenant plane numbers its reports
 * after a restart, if its database accepted no writes before it.
 */
export class KeepStoredSequences1700000000023 extends PortableMigration {
  protected async apply({ sql }: MigrationContext): Promise<void> {
    await sql('alter table tenant_planes add column stored_sequence integer');
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('alter table tenant_planes drop column stored_sequence');
  }
}
