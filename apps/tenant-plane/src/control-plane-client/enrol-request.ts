import { databaseTarget } from '@atlas/persistence';
import { type EnrolRequest } from '@atlas/plane-contract';
import { revealed, type SecretText } from '@atlas/platform';
import { TENANT_PLANE_VERSION } from '../config/tenant-plane-version';
import { type TenantPlaneConfig } from '../config/tenant-plane.config';
import { type PlaneIdentity } from '../plane-identity/plane-identity.entity';

const CAPABILITIES = ['desired-state', 'report'];

/** How this plane describes itself when it enrols, online or by file. */
export function enrolRequestOf(
  config: TenantPlaneConfig,
  { instanceId, publicKey }: Pick<PlaneIdentity, 'instanceId' | 'publicKey'>,
  token: SecretText,
  capabilities: readonly string[] = CAPABILITIES,
): EnrolRequest {
  const model = config.deploymentModel;
  return {
    token: revealed(token),
    instance_id: instanceId,
    version: TENANT_PLANE_VERSION,
    endpoint_url: config.endpointUrl,
    database: { driver: databaseTarget(config.TENANT_PLANE_DATABASE_URL).driver },
    capabilities: [...capabilities],
    public_key: publicKey,
    ...(model && { deployment_model: model }),
  };
}
