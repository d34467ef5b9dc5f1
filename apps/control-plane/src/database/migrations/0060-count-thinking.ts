import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/** The default is for processes of the previous version, which add providers without it. */
export class CountThinking1700000000060 extends PortableMigration {
  protected async apply({ sql }: MigrationContext): Promise<void> {
    await sql('alter table ai_providers add column reasoning_tokens integer not null default 0');
  }

  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('alter table ai_providers drop column reasoning_tokens');
  }
}
