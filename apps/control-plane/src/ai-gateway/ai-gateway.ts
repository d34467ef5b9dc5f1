import { profileOf } from '@atlas/deployment-profiles';
import { Database } from '@atlas/persistence';
import { type ChatCompletionRequest } from '@atlas/plane-contract';
import { DomainError } from '@atlas/platform';
import { Injectable, Logger } from '@nestjs/common';
import { placeOf, tenantNotOnPlane } from '../registry/placements';
import { TenantPlane } from '../registry/tenant-plane.entity';
import { Tenant } from '../registry/tenant.entity';
import { AiProvider } from './providers/ai-provider';
import { aiNotAllowed, aiUnavailable } from './providers/ai.errors';

const MAX_ANSWER_BYTES = 8_388_608;

/** Sends tenants' questions to the configured provider without storing them. */
@Injectable()
export class AiGateway {
  private readonly logger = new Logger(AiGateway.name);

  constructor(
    private readonly database: Database,
    private readonly provider: AiProvider,
  ) {}

  /**
   * Throws unless the tenant is active and the plane is its
   * home. On-prem tenants also need their admin's permission.
   */
  async admit(planeId: string, tenantId: string, isAllowedByAdmin: boolean): Promise<void> {
    const { place, plane, tenant } = await this.database.read(async (manager) => ({
      place: await placeOf(manager, tenantId),
      plane: await manager.findOneByOrFail(TenantPlane, { id: planeId }),
      tenant: await manager.findOneByOrFail(Tenant, { id: tenantId }),
    }));
    // A plane that only has an old copy of the tenant may not send questions for it.
    if (place?.tenantPlaneId !== planeId) throw tenantNotOnPlane();
    if (tenant.status !== 'active')
      throw new DomainError(
        'tenant_suspended',
        'forbidden',
        `The tenant's status is "${tenant.status}". Only active tenants can use AI.`,
      );
    const { aiRouting } = profileOf(plane.deploymentModel);
    if (aiRouting === 'control_plane_if_admin_allows' && !isAllowedByAdmin) throw aiNotAllowed();
    this.logger.log({ msg: 'AI question admitted', tenantPlaneId: planeId, tenantId });
  }

  stream(request: ChatCompletionRequest, ended: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    return this.provider.complete({ ...request, stream: true }, ended);
  }

  /** Returns the JSON document, or throws `ai_unavailable`. */
  async answer(request: ChatCompletionRequest, ended: AbortSignal): Promise<string> {
    const [chunks, size] = [[] as Uint8Array[], { bytes: 0 }];
    for await (const chunk of await this.provider.complete(request, ended)) {
      if ((size.bytes += chunk.length) > MAX_ANSWER_BYTES)
        throw aiUnavailable("the provider's response is too long");
      chunks.push(chunk);
    }
    return requireJson(Buffer.concat(chunks).toString());
  }
}

function requireJson(text: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch {
    throw aiUnavailable("the provider's response is not JSON");
  }
}
