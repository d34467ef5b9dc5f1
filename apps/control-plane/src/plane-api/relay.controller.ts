import {
  MAX_WAIT_SECONDS,
  TRANSFER_PART_TYPE,
  type TransferProgress,
  SelfQuery,
  TransferProgressQuery,
  TransferPartQuery,
} from '@atlas/plane-contract';
import {
  Refuses,
  type Sent,
  AnswersWithin,
  ApiConsumes,
  ApiProduces,
  ApiTags,
  UuidPipe,
} from '@atlas/platform';
import { type ServiceCall } from '@atlas/service-auth';
import { Controller, Headers, Param, ParseIntPipe, Query, Req, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { SignedByTenantPlane } from '../access/access.decorators';
import { type AuthenticatedRequest, PlaneCall, type PlaneCaller } from '../access/caller';
import { Serves } from '../access/serves';
import { sendSigned } from '../access/signed-answer';
import { TenantPlanes } from '../fleet/tenant-planes';
import { WaitingCalls } from '../service-keys/waiting-calls';
import { TransferRelay } from '../transfers/transfer-relay';

/** Relays the ciphertext of a transfer. */
@ApiTags('tenant planes')
@SignedByTenantPlane()
@Controller()
export class RelayController {
  constructor(
    private readonly planes: TenantPlanes,
    private readonly relay: TransferRelay,
    private readonly calls: WaitingCalls,
  ) {}

  @Serves('PUT /api/tenant-planes/self/transfers/:id/parts/:n')
  @Refuses('conflict', 'too_many')
  @AnswersWithin(150)
  @ApiConsumes(TRANSFER_PART_TYPE)
  async put(
    @PlaneCall() call: ServiceCall<PlaneCaller>,
    @Headers('x-tenant-id') tenantId: string | undefined,
    @Param('id', UuidPipe) id: string,
    @Param('n', ParseIntPipe) part: number,
    @Query() query: SelfQuery,
    @Req() request: AuthenticatedRequest,
  ): Promise<TransferProgress> {
    const source = await this.callerOf(call, query, tenantId);
    return { imported: await this.relay.take(source, id, part, request.rawBody?.toString('latin1') ?? '') };
  }

  /** Called by the source. Waits until the target has imported `count` parts. */
  @Serves('GET /api/tenant-planes/self/transfers/:id/imported')
  @Refuses('conflict', 'too_many')
  @AnswersWithin(MAX_WAIT_SECONDS + 30)
  async imported(
    @PlaneCall() call: ServiceCall<PlaneCaller>,
    @Headers('x-tenant-id') tenantId: string | undefined,
    @Param('id', UuidPipe) id: string,
    @Query() query: TransferProgressQuery,
    @Res() reply: FastifyReply,
  ): Promise<Sent<TransferProgress>> {
    const { count, wait } = query;
    const source = await this.callerOf(call, query, tenantId);
    const ended = this.calls.endOfPoll(reply, call, source.tenantPlaneId);
    const patience = { seconds: Math.min(wait, MAX_WAIT_SECONDS), ended };
    const imported = await this.relay.imported(source, id, count, patience);
    return sendSigned(reply, call, { imported });
  }

  @Serves('GET /api/tenant-planes/self/transfers/:id/parts/:n')
  @Refuses('conflict')
  @ApiProduces(TRANSFER_PART_TYPE)
  @AnswersWithin(MAX_WAIT_SECONDS + 30)
  async get(
    @PlaneCall() call: ServiceCall<PlaneCaller>,
    @Headers('x-tenant-id') tenantId: string | undefined,
    @Param('id', UuidPipe) id: string,
    @Param('n', ParseIntPipe) part: number,
    @Query() query: TransferPartQuery,
    @Res() reply: FastifyReply,
  ): Promise<Sent<string | undefined>> {
    const { importer, attempt, wait } = query;
    const target = await this.callerOf(call, query, tenantId);
    const ended = this.calls.endOfPoll(reply, call, target.tenantPlaneId);
    const patience = { seconds: Math.min(wait, MAX_WAIT_SECONDS), ended };
    const sealed = await this.relay.give(target, id, { part, importer, attempt }, patience);
    return sendSigned(reply, call, sealed, TRANSFER_PART_TYPE);
  }

  private async callerOf(
    call: ServiceCall<PlaneCaller>,
    { tenant_plane_id: claimedId, incarnation }: SelfQuery,
    tenantId: string | undefined,
  ) {
    const tenantPlaneId = await this.planes.identify(call, claimedId, tenantId);
    return { tenantPlaneId, incarnation: incarnation ?? null, keyId: call.keyId };
  }
}
