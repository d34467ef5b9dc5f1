import { type MigrationContext, PortableMigration } from '@atlas/persistence';

export class KeepServiceSecrets1700000000008 extends PortableMigration {
  protected async apply({ sql }: MigrationContext): Promise<void> {
    await sql(
      `alter table plane_identity add column enrolled_key_id varchar`,
      `alter table plane_identity add column service_secrets_sealed text`,
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    const columns = ['service_secrets_sealed', 'enrolled_key_id'];
    await sql(...columns.map((column) => `alter table plane_identity drop column ${column}`));
  }
}
