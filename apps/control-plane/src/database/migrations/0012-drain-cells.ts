import { type MigrationContext, PortableMigration } from '@atlas/persistence';

export class DrainCells1700000000012 extends PortableMigration {
  protected async apply({ sql }: MigrationContext): Promise<void> {
    await sql('alter table tenant_planes add column accepts_tenants boolean not null default true');
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('alter table tenant_planes drop column accepts_tenants');
  }
}
