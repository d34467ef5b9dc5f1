import { IdempotencyKey } from '@atlas/persistence';
import { type Sends, ApiBearerAuth, ApiIdempotencyKey, ApiTags, UuidPipe } from '@atlas/platform';
import { Body, Controller, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { Requires } from '../../access.guard';
import { CurrentOperator, type OperatorCaller } from '../../access/caller';
import { SealedIdempotency } from '../../idempotency/sealed-idempotency';
import { sendRepeatable } from '../../idempotency/send-repeatable';
import { UpgradeWaves } from './upgrade-waves';
import { Upgrades } from './upgrades';
import { DryRunQuery, UpgradePlaneDto, UpgradeWaveDto } from '../../fleet/tenant-planes.dto';
import { type AcceptedForPlane, type PlanView } from '../../lifecycle/accepted.view';
import { type JobView } from '../../lifecycle/job.view';

/** Another version: for one tenant plane, or for many in waves. Each a job. */
@ApiTags('tenant planes')
@ApiBearerAuth()
@ApiIdempotencyKey()
@Requires('planes:write')
@Controller('tenant-planes')
export class UpgradesController {
  constructor(
    private readonly upgrades: Upgrades,
    private readonly waves: UpgradeWaves,
    private readonly idempotency: SealedIdempotency,
  ) {}

  @Post(':id/upgrade')
  @HttpCode(202)
  async upgrade(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @IdempotencyKey() key: string | undefined,
    @Query() { dry_run: isDryRun }: DryRunQuery,
    @Body() body: UpgradePlaneDto,
    @Res() reply: FastifyReply,
  ): Promise<Sends<{ 200: PlanView; 202: AcceptedForPlane }>> {
    if (isDryRun) {
      await reply.status(200).send(await this.upgrades.plan(id, body.version));
      return;
    }
    const request = { path: `/api/tenant-planes/${id}/upgrade`, key, body };
    const answer = this.idempotency.onceBy(caller, request, (manager) =>
      this.upgrades.accept(manager, id, body.version),
    );
    await sendRepeatable(reply, await answer);
  }

  @Post('upgrades')
  @HttpCode(202)
  async upgradeWave(
    @CurrentOperator() caller: OperatorCaller,
    @IdempotencyKey() key: string | undefined,
    @Query() { dry_run: isDryRun }: DryRunQuery,
    @Body() body: UpgradeWaveDto,
    @Res() reply: FastifyReply,
  ): Promise<Sends<{ 200: PlanView; 202: { job: JobView } }>> {
    if (isDryRun) {
      await reply.status(200).send(await this.waves.plan(body));
      return;
    }
    const request = { path: '/api/tenant-planes/upgrades', key, body };
    const answer = this.idempotency.onceBy(caller, request, (manager) => this.waves.accept(manager, body));
    await sendRepeatable(reply, await answer);
  }
}
