import {
  ALLOWED_BY_ADMIN_PARAMETER,
  ChatCompletionRequest,
  ChatCompletionQuery,
} from '@atlas/plane-contract';
import {
  Refuses,
  type Sent,
  AnswersWithin,
  ApiProduces,
  ApiTags,
  sendEventStream,
  validationFailed,
} from '@atlas/platform';
import { type ServiceCall } from '@atlas/service-auth';
import { Body, Controller, Headers, HttpCode, Query, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { SignedByTenantPlane } from '../access/access.decorators';
import { PlaneCall, type PlaneCaller } from '../access/caller';
import { Serves } from '../access/serves';
import { sendSigned } from '../access/signed-answer';
import { TenantPlanes } from '../fleet/tenant-planes';
import { WaitingCalls } from '../service-keys/waiting-calls';
import { ControlPlaneConfig } from '../config/control-plane.config';
import { Admission } from './admission';
import { AiGateway } from './ai-gateway';

/** Passes tenants' questions on to the AI providers. */
@ApiTags('ai')
@SignedByTenantPlane()
@Controller()
export class AiGatewayController {
  constructor(
    private readonly planes: TenantPlanes,
    private readonly admission: Admission,
    private readonly gateway: AiGateway,
    private readonly calls: WaitingCalls,
    private readonly config: ControlPlaneConfig,
  ) {}

  /** `x-tenant-id` names the tenant. Responses are signed unless they are streamed. */
  @Serves('POST /api/ai/chat/completions')
  @Refuses('unprocessable', 'too_many')
  @HttpCode(200)
  @AnswersWithin(300)
  @ApiProduces('application/json', 'text/event-stream')
  async complete(
    @PlaneCall() call: ServiceCall<PlaneCaller>,
    @Headers('x-tenant-id') tenantId: string | undefined,
    @Query() query: ChatCompletionQuery,
    @Body() request: ChatCompletionRequest,
    @Res() reply: FastifyReply,
  ): Promise<Sent<Record<string, unknown>>> {
    if (tenantId === undefined) throw tenantMissing();
    const planeId = await this.planes.identify(call, query.tenant_plane_id);
    const admitted = await this.admission.admit(
      planeId,
      tenantId,
      query[ALLOWED_BY_ADMIN_PARAMETER] === 'true',
    );
    const ended = this.calls.endOf(reply, call);
    if (request.stream)
      return sendEventStream(
        reply,
        await this.gateway.stream(admitted, request, ended),
        ended,
        errorEvent,
        this.config.AI_CALLER_TIMEOUT_MS,
      );
    return sendSigned(reply, call, await this.gateway.answer(admitted, request, ended));
  }
}

function tenantMissing(): Error {
  return validationFailed([{ field: 'x-tenant-id', message: 'the x-tenant-id header must name the tenant' }]);
}

/** An error in OpenAI's format. */
function errorEvent({ code, detail: message }: { readonly code: string; readonly detail: string }): string {
  return `data: ${JSON.stringify({ error: { code, message, type: code } })}\n\n`;
}
