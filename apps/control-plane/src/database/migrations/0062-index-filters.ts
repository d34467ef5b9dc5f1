import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/** Each index serves a page of a filtered list, in the order of the list. */
const FILTERS = {
  api_keys_operator_ix: 'api_keys (operator_id, id)',
  audit_events_action_ix: 'audit_events (action, id)',
  drifts_open_ix: 'drifts (id) where resolved_at is null',
  drifts_resolved_ix: 'drifts (id) where resolved_at is not null',
  event_deliveries_status_ix: 'event_deliveries (subscription_id, status, id)',
  provisioning_jobs_part_ix: 'provisioning_jobs (parent_id, id) where parent_id is not null',
  provisioning_jobs_plane_ix: 'provisioning_jobs (tenant_plane_id, id) where tenant_plane_id is not null',
  tenant_planes_model_ix: 'tenant_planes (deployment_model, id)',
  tenant_planes_status_ix: 'tenant_planes (status, id)',
  tenant_planes_version_ix: 'tenant_planes (version, id)',
};

/** The indexes that those above replace. */
const REPLACED = {
  api_keys_operator: 'api_keys (operator_id)',
  provisioning_jobs_parent_ix: 'provisioning_jobs (parent_id) where parent_id is not null',
};

export class IndexFilters1700000000062 extends PortableMigration {
  protected async apply({ sql }: MigrationContext): Promise<void> {
    for (const [name, on] of Object.entries(FILTERS)) await sql(`create index ${name} on ${on}`);
    for (const name of Object.keys(REPLACED)) await sql(`drop index ${name}`);
  }

  protected async revert({ sql }: MigrationContext): Promise<void> {
    for (const [name, on] of Object.entries(REPLACED)) await sql(`create index ${name} on ${on}`);
    for (const name of Object.keys(FILTERS)) await sql(`drop index ${name}`);
  }
}
