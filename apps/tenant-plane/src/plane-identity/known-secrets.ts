import { SecretBox, deriveKey } from '@atlas/persistence';
import { Secret } from '@atlas/platform';
import { type TenantPlaneConfig } from '../config/tenant-plane.config';
import { type PlaneIdentity } from './plane-identity.entity';

type Keeper = Pick<PlaneIdentity, 'instanceId' | 'serviceSecretsSealed'>;

/** Newest first. Empty if there is no secret in the environment. */
export function knownSecrets(
  { INTERNAL_SERVICE_SECRET: given, INTERNAL_SERVICE_SECRET_PREVIOUS: previous }: TenantPlaneConfig,
  identity: Keeper | null,
): readonly Secret[] {
  if (given === undefined) return [];
  return [...keptSecrets(given, identity), given, ...(previous === undefined ? [] : [previous])];
}

/**
 * The secrets that have replaced the environment's secret through rotation. Empty if they were sealed with a
 * different secret.
 */
export function keptSecrets(given: Secret, identity: Keeper | null): readonly Secret[] {
  if (!identity?.serviceSecretsSealed) return [];
  try {
    const kept = JSON.parse(boxOf(given).open(identity.serviceSecretsSealed, placeOf(identity)).reveal());
    return (kept as string[]).map((secret) => new Secret(secret));
  } catch {
    return [];
  }
}

export function sealKept(secrets: readonly Secret[], given: Secret, identity: Keeper): string {
  return boxOf(given).seal(JSON.stringify(secrets.map((secret) => secret.reveal())), placeOf(identity));
}

function boxOf(given: Secret): SecretBox {
  return new SecretBox([{ id: 'env', key: deriveKey(given, 'atlas-service-secrets') }]);
}

function placeOf({ instanceId: ownerId }: Keeper) {
  return { table: 'plane_identity', column: 'service_secrets_sealed', rowId: '1', ownerId };
}
