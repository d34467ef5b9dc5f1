import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/** How many repairs before did not last, and a way to the drift before: it may have been repaired in vain. */
export class LimitRepairs1700000000044 extends PortableMigration {
  protected async apply({ sql }: MigrationContext): Promise<void> {
    await sql(
      'alter table drifts add column failed_repairs integer not null default 0',
      'create index drifts_subject_ix on drifts (kind, subject_id, id)',
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('drop index drifts_subject_ix', 'alter table drifts drop column failed_repairs');
  }
}
