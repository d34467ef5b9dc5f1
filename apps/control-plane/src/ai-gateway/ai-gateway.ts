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

/** Puts a tenant's questions to the configured provider. Nothing of them is kept. */
@Injectable()
export class AiGateway {
  private readonly logger = new Logger(AiGateway.name);

  constructor(
    private readonly database: Database,
    private readonly provider: AiProvider,
  ) {}

  /**
   * A tenant is served where it lives, while it is active, and in `on_prem` only by the word of its admin.
   */
  async admit(planeId: string, tenantId: string, isAllowedByAdmin: boolean): Promise<void> {
    const { place, plane, tenant } = await this.database.read(async (manager) => ({
      place: await placeOf(manager, tenantId),
      plane: await manager.findOneByOrFail(TenantPlane, { id: planeId }),
      tenant: await manager.findOneByOrFail(Tenant, { id: tenantId }),
    }));
    // An old copy that a move has left behind speaks for nobody.
    if (place?.tenantPlaneId !== planeId) throw tenantNotOnPlane();
    if (tenant.status !== 'active')
      throw new DomainError('tenant_suspended', 'forbidden', `This tenant is ${tenant.status}.`);
    const { aiRouting } = profileOf(plane.deploymentModel);
    if (aiRouting === 'control_plane_if_admin_allows' && !isAllowedByAdmin) throw aiNotAllowed();
    this.logger.log({ msg: 'AI question admitted', tenantPlaneId: planeId, tenantId });
  }

  stream(request: ChatCompletionRequest, ended: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    return this.provider.complete({ ...request, stream: true }, ended);
  }

  /** The JSON document. */
  async answer(request: ChatCompletionRequest, ended: AbortSignal): Promise<string> {
    const [chunks, size] = [[] as Uint8Array[], { bytes: 0 }];
    for await (const chunk of await this.provider.complete(request, ended)) {
      if ((size.bytes += chunk.length) > MAX_ANSWER_BYTES)
        throw aiUnavailable("the provider's answer is too long");
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
    throw aiUnavailable("the provider's answer is not JSON");
  }
}
