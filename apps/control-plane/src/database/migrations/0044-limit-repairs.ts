import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/** Counts repairs that did not last. The index finds the previous drift of the same kind and subject. */
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
