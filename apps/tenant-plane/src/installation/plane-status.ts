import { databaseTarget } from '@atlas/persistence';
import { type LeaseClaims, versionGap } from '@atlas/plane-contract';
import { type LeaseView } from '@atlas/tenant-api/entitlements';
import { decodeJwt } from 'jose';
import { TENANT_PLANE_VERSION } from '../config/tenant-plane-version';
import { type TenantPlaneConfig } from '../config/tenant-plane.config';
import { recentSince } from '../egress/egress-sums';
import { leaseView } from '../entitlements/lease-view';
import { type PlaneRecord } from './plane-record';

/** The output of `atlas-tp status` and `atlas-tp enrol`. */
export function planeStatus(
  config: TenantPlaneConfig,
  { identity, tenants, egress }: PlaneRecord,
): Record<string, unknown> {
  const latest = identity?.latestVersion ?? null;
  const now = new Date();
  return {
    enrolled: Boolean(identity?.tenantPlaneId),
    tenant_plane_id: identity?.tenantPlaneId ?? null,
    instance_id: identity?.instanceId ?? null,
    deployment_model: config.deploymentModel ?? identity?.deploymentModel ?? null,
    version: TENANT_PLANE_VERSION,
    latest_version: latest,
    versions_behind: latest === null ? null : versionGap(TENANT_PLANE_VERSION, latest),
    database: databaseTarget(config.TENANT_PLANE_DATABASE_URL).driver,
    control_plane: config.CONTROL_PLANE_BASE_URL ?? null,
    offline_mode: config.isOffline,
    last_contact_at: identity?.lastContactAt ?? null,
    revision_applied: identity?.revision ?? null,
    egress: { since: recentSince(now), classes: egress },
    incarnation: identity?.incarnation ?? null,
    copy_noticed_at: identity?.copyNoticedAt ?? null,
    tenants: tenants.map(({ id, slug, name, status, phase, plan, lease }) => ({
      id,
      slug,
      name,
      status,
      phase,
      plan,
      lease: leaseOf(lease, latestOf(now, identity?.latestTime)),
    })),
  };
}

/** The lease was verified when it was stored. */
function leaseOf(lease: string | null, now: Date): LeaseView | null {
  return lease === null ? null : leaseView(decodeJwt<LeaseClaims>(lease), now);
}

/** Leases are checked against the plane's trusted time, which never runs backwards. */
function latestOf(now: Date, seen: Date | null | undefined): Date {
  return seen && seen > now ? seen : now;
}
