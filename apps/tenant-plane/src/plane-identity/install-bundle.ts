import { type DeploymentModel } from '@atlas/deployment-profiles';
import { type Secret } from '@atlas/platform';
import { keyIdOf, parseCredential } from '@atlas/service-auth';
import { type TenantPlaneConfig } from '../config/tenant-plane.config';
import { type PlaneIdentity } from './plane-identity.entity';

/**
 * Whether the plane has never enrolled, or the environment holds another install bundle than the one it
 * enrolled with.
 */
export function needsEnrolment(
  { INTERNAL_SERVICE_SECRET: secret, ATLAS_PROVISIONING_TOKEN: token }: TenantPlaneConfig,
  identity: Pick<PlaneIdentity, 'tenantPlaneId' | 'enrolledKeyId'> | null,
): boolean {
  if (!identity?.tenantPlaneId) return true;
  const hasBundle = secret !== undefined && token !== undefined;
  return hasBundle && keyIdOf(secret) !== identity.enrolledKeyId;
}

/** A token that was pasted in part proves nothing, not even that the secret beside it is wrong. */
export function isWholeToken(token: Secret): boolean {
  return parseCredential('atp', token.reveal()) !== null;
}

/**
 * The model that the plane is enrolled in, if the environment names another. It changes by a move, with a new
 * install bundle.
 */
export function otherModel(
  config: TenantPlaneConfig,
  identity: PlaneIdentity | null,
): DeploymentModel | null {
  const { deploymentModel: named } = config;
  if (named === undefined || needsEnrolment(config, identity)) return null;
  const enrolledIn = identity?.deploymentModel ?? null;
  return enrolledIn === named ? null : enrolledIn;
}

/** The state after an enrolment: secrets that followed an earlier one are obsolete. */
export function enrolledWith({
  INTERNAL_SERVICE_SECRET: secret,
}: TenantPlaneConfig): Pick<PlaneIdentity, 'enrolledKeyId' | 'serviceSecretsSealed'> {
  return { enrolledKeyId: secret === undefined ? null : keyIdOf(secret), serviceSecretsSealed: null };
}
