import { databaseTarget } from '@atlas/persistence';
import { TENANT_PLANE_VERSION } from '../config/tenant-plane-version';
import { type TenantPlaneConfig } from '../config/tenant-plane.config';
import { type PlaneRecord } from './plane-record';

/** The output of `atlas-tp status` and `atlas-tp enrol`. */
export function planeStatus(
  config: TenantPlaneConfig,
  { identity, tenants }: PlaneRecord,
): Record<string, unknown> {
  return {
    enrolled: Boolean(identity?.tenantPlaneId),
    tenant_plane_id: identity?.tenantPlaneId ?? null,
    instance_id: identity?.instanceId ?? null,
    deployment_model: config.deploymentModel ?? identity?.deploymentModel ?? null,
    version: TENANT_PLANE_VERSION,
    latest_version: identity?.latestVersion ?? null,
    database: databaseTarget(config.TENANT_PLANE_DATABASE_URL).driver,
    control_plane: config.CONTROL_PLANE_BASE_URL ?? null,
    offline_mode: config.isOffline,
    last_contact_at: identity?.lastContactAt ?? null,
    revision_applied: identity?.revision ?? null,
    tenants: tenants.map(({ id, slug, name, status, phase, plan }) => ({
      id,
      slug,
      name,
      status,
      phase,
      plan,
    })),
  };
}
