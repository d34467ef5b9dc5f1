import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/** Why a step of the onboarding checklist was skipped. */
export class ExplainSkips1700000000045 extends PortableMigration {
  protected async apply({ sql }: MigrationContext): Promise<void> {
    await sql('alter table onboarding_skipped_steps add column reason varchar');
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('alter table onboarding_skipped_steps drop column reason');
  }
}
