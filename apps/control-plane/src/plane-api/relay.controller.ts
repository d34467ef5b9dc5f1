import { MAX_WAIT_SECONDS, TRANSFER_PART_TYPE, type TransferProgress } from '@atlas/plane-contract';
import {
  Refuses,
  type Sends,
  AnswersWithin,
  ApiBody,
  ApiConsumes,
  ApiProduces,
  ApiTags,
  UuidPipe,
} from '@atlas/platform';
import { type ServiceCall } from '@atlas/service-auth';
import { Controller, Get, Headers, Param, ParseIntPipe, Put, Query, Req, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { SignedByTenantPlane } from '../access/access.decorators';
import { type AuthenticatedRequest, PlaneCall, type PlaneCaller } from '../access/caller';
import { sendSigned } from '../access/signed-answer';
import { SelfQuery } from '../fleet/self.query';
import { TenantPlanes } from '../fleet/tenant-planes';
import { WaitingCalls } from '../service-keys/waiting-calls';
import { TransferRelay } from '../transfers/transfer-relay';
import { TransferPartQuery, TransferProgressQuery } from './self.dto';

/** Relays the ciphertext of a transfer. */
@ApiTags('tenant planes')
@SignedByTenantPlane()
@Controller('tenant-planes/self/transfers/:id')
export class RelayController {
  constructor(
    private readonly planes: TenantPlanes,
    private readonly relay: TransferRelay,
    private readonly calls: WaitingCalls,
  ) {}

  @Put('parts/:n')
  @Refuses('conflict', 'too_many')
  @AnswersWithin(150)
  @ApiConsumes(TRANSFER_PART_TYPE)
  @ApiBody({ schema: { type: 'string', description: 'A compact JWE to the enrolment key of the target' } })
  async put(
    @PlaneCall() call: ServiceCall<PlaneCaller>,
    @Headers('x-tenant-id') tenantId: string | undefined,
    @Param('id', UuidPipe) id: string,
    @Param('n', ParseIntPipe) part: number,
    @Query() query: SelfQuery,
    @Req() request: AuthenticatedRequest,
  ): Promise<TransferProgress> {
    const sourcePlaneId = await this.planes.identify(call, query.tenant_plane_id, tenantId);
    const source = { sourcePlaneId, keyId: call.keyId };
    return { imported: await this.relay.take(source, id, part, request.rawBody?.toString('latin1') ?? '') };
  }

  /** For the source: waits until the target has imported `count` parts. */
  @Get('imported')
  @Refuses('too_many')
  @AnswersWithin(MAX_WAIT_SECONDS + 30)
  async imported(
    @PlaneCall() call: ServiceCall<PlaneCaller>,
    @Headers('x-tenant-id') tenantId: string | undefined,
    @Param('id', UuidPipe) id: string,
    @Query() { tenant_plane_id: claimedId, count, wait }: TransferProgressQuery,
    @Res() reply: FastifyReply,
  ): Promise<Sends<{ 200: TransferProgress }>> {
    const sourcePlaneId = await this.planes.identify(call, claimedId, tenantId);
    const source = { sourcePlaneId, keyId: call.keyId };
    const ended = this.calls.endOfPoll(reply, call, sourcePlaneId);
    const patience = { seconds: Math.min(wait, MAX_WAIT_SECONDS), ended };
    const imported = await this.relay.imported(source, id, count, patience);
    await sendSigned(reply, call, { imported } satisfies TransferProgress);
  }

  @Get('parts/:n')
  @Refuses('conflict')
  @ApiProduces(TRANSFER_PART_TYPE)
  @AnswersWithin(MAX_WAIT_SECONDS + 30)
  async get(
    @PlaneCall() call: ServiceCall<PlaneCaller>,
    @Headers('x-tenant-id') tenantId: string | undefined,
    @Param('id', UuidPipe) id: string,
    @Param('n', ParseIntPipe) part: number,
    @Query() { tenant_plane_id: claimedId, importer, attempt, wait }: TransferPartQuery,
    @Res() reply: FastifyReply,
  ): Promise<Sends<{ 200: string; 204: undefined }>> {
    const targetPlaneId = await this.planes.identify(call, claimedId, tenantId);
    const target = { targetPlaneId, keyId: call.keyId };
    const ended = this.calls.endOfPoll(reply, call, targetPlaneId);
    const patience = { seconds: Math.min(wait, MAX_WAIT_SECONDS), ended };
    const sealed = await this.relay.give(target, id, { part, importer, attempt }, patience);
    await sendSigned(reply, call, sealed, TRANSFER_PART_TYPE);
  }
}
