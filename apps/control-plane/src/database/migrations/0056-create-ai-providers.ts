import { type MigrationContext, PortableMigration } from '@atlas/persistence';

export class CreateAiProviders1700000000056 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      `create table ai_providers (
        id ${types.uuid} not null, name varchar not null, kind varchar not null, base_url varchar not null,
        models ${types.json} not null, priority integer not null, enabled ${types.boolean} not null,
        key_sealed text, created_at ${types.timestamp} not null, updated_at ${types.timestamp} not null,
        constraint ai_providers_pk primary key (id),
        constraint ai_providers_name_uq unique (name))`,
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('drop table ai_providers');
  }
}
