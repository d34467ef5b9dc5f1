import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/** Which planes wait in the warm pool, and which were taken from it. */
export class PoolPlanes1700000000066 extends PortableMigration {
  protected async apply({ sql }: MigrationContext): Promise<void> {
    await sql(
      'alter table tenant_planes add column pool_state varchar',
      `create index tenant_planes_pooled_ix on tenant_planes (id)
        where pool_state = 'pooled' and status <> 'retired'`,
    );
  }

  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('drop index tenant_planes_pooled_ix', 'alter table tenant_planes drop column pool_state');
  }
}
