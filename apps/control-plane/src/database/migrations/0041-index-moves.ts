import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/** Indexes a tenant's moves, which are never deleted. */
export class IndexMoves1700000000041 extends PortableMigration {
  protected async apply({ sql }: MigrationContext): Promise<void> {
    await sql(
      `create index transfers_move_ix on transfers (tenant_id, source_plane_id) where purpose = 'move'`,
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('drop index transfers_move_ix');
  }
}
