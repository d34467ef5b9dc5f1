import { type MigrationContext, PortableMigration, createWriteProbes } from '@atlas/persistence';

export class ProbeWrites1700000000017 extends PortableMigration {
  protected async apply({ sql }: MigrationContext): Promise<void> {
    await sql(...createWriteProbes());
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('drop table write_probes');
  }
}
