import { IdempotencyKey } from '@atlas/persistence';
import { type Sends, ApiBearerAuth, ApiIdempotencyKey, ApiTags, UuidPipe } from '@atlas/platform';
import { Body, Controller, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { Requires } from '../access.guard';
import { CurrentOperator, type OperatorCaller } from '../access/caller';
import { SealedIdempotency } from '../idempotency/sealed-idempotency';
import { sendRepeatable } from '../idempotency/send-repeatable';
import { Drains } from './drain/drains';
import { SecretRotations } from './rotate-secret/secret-rotations';
import { DryRunQuery, RotateSecretDto } from '../fleet/tenant-planes.dto';
import { type AcceptedForPlane, type PlanView } from '../lifecycle/accepted.view';
import { type TenantPlaneView } from '../fleet/tenant-planes';

/** What may happen to a tenant plane as a whole: each a job. */
@ApiTags('tenant planes')
@ApiBearerAuth()
@ApiIdempotencyKey()
@Requires('planes:write')
@Controller('tenant-planes/:id')
export class PlaneOperationsController {
  constructor(
    private readonly rotations: SecretRotations,
    private readonly drains: Drains,
    private readonly idempotency: SealedIdempotency,
  ) {}

  @Post('rotate-secret')
  @HttpCode(202)
  async rotateSecret(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @IdempotencyKey() key: string | undefined,
    @Query() { dry_run: isDryRun }: DryRunQuery,
    @Body() body: RotateSecretDto,
    @Res() reply: FastifyReply,
  ): Promise<Sends<{ 200: PlanView; 202: AcceptedForPlane }>> {
    if (isDryRun) {
      await reply.status(200).send(await this.rotations.plan(id, body.mode));
      return;
    }
    const request = { path: `/api/tenant-planes/${id}/rotate-secret`, key, body };
    const answer = this.idempotency.onceBy(caller, request, (manager) =>
      this.rotations.accept(manager, id, body.mode),
    );
    await sendRepeatable(reply, await answer);
  }
  @Post('drain')
  @HttpCode(202)
  async drain(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @IdempotencyKey() key: string | undefined,
    @Query() { dry_run: isDryRun }: DryRunQuery,
    @Res() reply: FastifyReply,
  ): Promise<Sends<{ 200: PlanView; 202: AcceptedForPlane }>> {
    if (isDryRun) {
      await reply.status(200).send(await this.drains.plan(id));
      return;
    }
    const request = { path: `/api/tenant-planes/${id}/drain`, key, body: {} };
    const answer = this.idempotency.onceBy(caller, request, (manager) => this.drains.accept(manager, id));
    await sendRepeatable(reply, await answer);
  }

  @Post('reopen')
  @HttpCode(200)
  async reopen(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @IdempotencyKey() key: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<Sends<{ 200: { tenant_plane: TenantPlaneView } }>> {
    const request = { path: `/api/tenant-planes/${id}/reopen`, key, body: {} };
    const answer = this.idempotency.onceBy(caller, request, (manager) => this.drains.reopen(manager, id));
    await sendRepeatable(reply, await answer);
  }
}
