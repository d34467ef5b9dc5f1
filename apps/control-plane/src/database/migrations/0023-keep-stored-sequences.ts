import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * From where a tenant plane counts its reports on when its
 * database took no write before it was started again.
 */
export class KeepStoredSequences1700000000023 extends PortableMigration {
  protected async apply({ sql }: MigrationContext): Promise<void> {
    await sql('alter table tenant_planes add column stored_sequence integer');
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('alter table tenant_planes drop column stored_sequence');
  }
}
