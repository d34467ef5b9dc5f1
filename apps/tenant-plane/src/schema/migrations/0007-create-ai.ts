import { type MigrationContext, PortableMigration, trackChangesOf } from '@atlas/persistence';

export class CreateAi1700000000007 extends PortableMigration {
  protected async apply({ driver, sql, types, tenantScoped }: MigrationContext): Promise<void> {
    await sql(
      `create table ai_route_settings (
        tenant_id ${types.uuid} not null, route varchar not null, is_allowed ${types.boolean} not null,
        changed_at ${types.timestamp} not null,
        constraint ai_route_settings_pk primary key (tenant_id, route))`,
      `create table ai_answers (
        tenant_id ${types.uuid} not null, id ${types.uuid} not null, incident_id ${types.uuid} not null,
        source varchar not null, model varchar not null, asked_by ${types.uuid} not null,
        answered_at ${types.timestamp} not null,
        constraint ai_answers_pk primary key (tenant_id, id))`,
    );
    await tenantScoped('ai_route_settings', 'ai_answers');
    await sql(
      ...trackChangesOf(driver, 'ai_route_settings', ['route']),
      ...trackChangesOf(driver, 'ai_answers', ['id']),
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('drop table ai_answers', 'drop table ai_route_settings');
  }
}
