import {
  type MigrationContext,
  PortableMigration,
  trackChangesOf,
  untrackChangesOf,
} from '@atlas/persistence';

/** Which features of the AI an admin has allowed or forbidden. */
export class AllowAiFeatures1700000000057 extends PortableMigration {
  protected async apply({ driver, sql, types, tenantScoped }: MigrationContext): Promise<void> {
    const { boolean, timestamp, uuid } = types;
    await sql(
      `create table ai_feature_settings (
        tenant_id ${uuid} not null, feature varchar not null, is_allowed ${boolean} not null,
        changed_at ${timestamp} not null,
        constraint ai_feature_settings_pk primary key (tenant_id, feature))`,
      ...trackChangesOf(driver, 'ai_feature_settings', ['feature']),
    );
    await tenantScoped('ai_feature_settings');
  }
  protected async revert({ driver, sql }: MigrationContext): Promise<void> {
    await sql(...untrackChangesOf(driver, 'ai_feature_settings'), 'drop table ai_feature_settings');
  }
}
