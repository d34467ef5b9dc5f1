import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * Stores the report number that a tenant plane has saved in its own database, if that number
 * lags behind the plane's reports. After a restart, the plane continues from the saved number.
 */
export class KeepStoredSequences1700000000023 extends PortableMigration {
  protected async apply({ sql }: MigrationContext): Promise<void> {
    await sql('alter table tenant_planes add column stored_sequence integer');
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('alter table tenant_planes drop column stored_sequence');
  }
}
