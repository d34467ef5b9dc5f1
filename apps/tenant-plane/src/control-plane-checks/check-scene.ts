import { type Schema, databaseTarget } from '@atlas/persistence';
import { type Clock } from '@atlas/platform';
import { type TenantPlaneConfig } from '../config/tenant-plane.config';
import { ControlPlaneClient } from '../control-plane-client/control-plane-client';
import { ServiceSecrets } from '../control-plane-client/service-secrets';
import { type Egress } from '../egress/egress';
import { needsEnrolment, otherModel } from '../plane-identity/install-bundle';
import { type PlaneIdentity } from '../plane-identity/plane-identity.entity';
import { type CheckScene } from './check';
import { type Probe, probeCallOf, probeControlPlane } from './probe';
import { type RunningPlane, runningPlane } from './running-plane';

/** A placeholder that is ignored by the checks that run offline. */
const NOWHERE = 'http://127.0.0.1';

/** `identity` is null if the database does not contain one yet. */
export function checkScene(
  config: TenantPlaneConfig,
  schema: Schema,
  clock: Clock,
  identity: PlaneIdentity | null,
  egress: Egress,
): CheckScene {
  let probing: Promise<Probe> | undefined;
  let looking: Promise<RunningPlane | null> | undefined;
  const probe = () =>
    (probing ??= probeControlPlane(
      clientFor(config, clock, identity, egress),
      probeCallOf(config, identity),
    ));
  return {
    config,
    controlPlane: new URL(config.CONTROL_PLANE_BASE_URL ?? NOWHERE),
    egress,
    isEnrolled: !needsEnrolment(config, identity),
    otherModel: otherModel(config, identity),
    database: databaseTarget(config.TENANT_PLANE_DATABASE_URL),
    schema,
    model: config.deploymentModel ?? identity?.deploymentModel ?? null,
    running: () => (looking ??= runningPlane(config, identity)),
    probe,
  };
}

/** Creates a client that signs calls as the plane itself would, and stores nothing. */
function clientFor(
  config: TenantPlaneConfig,
  clock: Clock,
  current: PlaneIdentity | null,
  egress: Egress,
): ControlPlaneClient {
  const store = { current, keepSecrets: () => Promise.resolve() };
  return new ControlPlaneClient(config, clock, new ServiceSecrets(config, store), egress);
}
