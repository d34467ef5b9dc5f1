import { databaseTarget } from '@atlas/persistence';
import { type Clock } from '@atlas/platform';
import { type TenantPlaneConfig } from '../../tenant-plane.config';
import { ControlPlaneClient } from '../control-plane-client';
import { type PlaneIdentity } from '../plane-identity.entity';
import { type CheckScene } from './check';
import { type Probe, probeCallOf, probeControlPlane } from './probe';

/** Offline there is no Control Plane; the checks that are then run look at none. */
const NOWHERE = 'http://127.0.0.1';

/** `identity` is null where the database does not hold one yet. */
export function checkScene(
  config: TenantPlaneConfig,
  clock: Clock,
  identity: PlaneIdentity | null,
): CheckScene {
  let probing: Promise<Probe> | undefined;
  const probe = () =>
    (probing ??= probeControlPlane(new ControlPlaneClient(config, clock), probeCallOf(config, identity)));
  return {
    config,
    controlPlane: new URL(config.CONTROL_PLANE_BASE_URL ?? NOWHERE),
    isEnrolled: Boolean(identity?.tenantPlaneId),
    database: databaseTarget(config.TENANT_PLANE_DATABASE_URL),
    probe,
  };
}
