import { type DeploymentModel } from '@atlas/deployment-profiles';
import { type Secret } from '@atlas/platform';
import { keyIdOf, parseCredential } from '@atlas/service-auth';
import { type TenantPlaneConfig } from '../config/tenant-plane.config';
import { type PlaneIdentity } from './plane-identity.entity';

/**
 * Whether the plane has never enrolled, or the environment contains a different install bundle from the one
 * that the plane enrolled with.
 */
export function needsEnrolment(
  { INTERNAL_SERVICE_SECRET: secret, ATLAS_PROVISIONING_TOKEN: token }: TenantPlaneConfig,
  identity: Pick<PlaneIdentity, 'tenantPlaneId' | 'enrolledKeyId'> | null,
): boolean {
  if (!identity?.tenantPlaneId) return true;
  const hasBundle = secret !== undefined && token !== undefined;
  return hasBundle && keyIdOf(secret) !== identity.enrolledKeyId;
}

/**
 * Whether the token was pasted in full. A refusal of an incomplete token proves nothing about the secret that
 * was pasted with it.
 */
export function isWholeToken(token: Secret): boolean {
  return parseCredential('atp', token.reveal()) !== null;
}

/**
 * The model that the plane is enrolled as, if the environment names a different one. Only a move changes the
 * model, and each move comes with a new install bundle.
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

/**
 * The columns to set after an enrolment. Secrets received through rotation after an earlier enrolment are
 * obsolete.
 */
export function enrolledWith({
  INTERNAL_SERVICE_SECRET: secret,
}: TenantPlaneConfig): Pick<PlaneIdentity, 'enrolledKeyId' | 'serviceSecretsSealed'> {
  return { enrolledKeyId: secret === undefined ? null : keyIdOf(secret), serviceSecretsSealed: null };
}
