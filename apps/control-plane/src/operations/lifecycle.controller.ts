import { IdempotencyKey } from '@atlas/persistence';
import { type LifecycleOperation } from '@atlas/deployment-profiles';
import { type Sends, ApiBearerAuth, ApiIdempotencyKey, ApiTags, UuidPipe } from '@atlas/platform';
import { Body, Controller, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { type EntityManager } from 'typeorm';
import { Requires } from '../access.guard';
import { CurrentOperator, type OperatorCaller } from '../access/caller';
import { type RepeatableAnswer, SealedIdempotency } from '../idempotency/sealed-idempotency';
import { sendRepeatable } from '../idempotency/send-repeatable';
import { type JobParams } from '../jobs/job';
import { Moves } from './move/moves';
import { Removals } from './deprovision/removals';
import { TenantOperations } from '../lifecycle/tenant-operations';
import { DryRunQuery } from '../fleet/tenant-planes.dto';
import { DeprovisionTenantDto, MoveTenantDto, SuspendTenantDto } from '../tenants/tenants.dto';
import { type AcceptedForTenant, type PlanView } from '../lifecycle/accepted.view';

interface Call {
  readonly caller: OperatorCaller;
  readonly path: string;
  readonly key: string | undefined;
  readonly body: unknown;
  readonly isDryRun: boolean;
  readonly plan: () => Promise<PlanView>;
  readonly accept: (manager: EntityManager) => Promise<RepeatableAnswer>;
}

/** What may happen to a tenant that is there: each a job. */
@ApiTags('tenants')
@ApiBearerAuth()
@ApiIdempotencyKey()
@Requires('tenants:write')
@Controller('tenants/:id')
export class LifecycleController {
  constructor(
    private readonly operations: TenantOperations,
    private readonly moves: Moves,
    private readonly removals: Removals,
    private readonly idempotency: SealedIdempotency,
  ) {}

  @Post('suspend')
  @HttpCode(202)
  suspend(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @IdempotencyKey() key: string | undefined,
    @Query() { dry_run: isDryRun }: DryRunQuery,
    @Body() { reason }: SuspendTenantDto,
    @Res() reply: FastifyReply,
  ): Promise<Sends<{ 200: PlanView; 202: AcceptedForTenant }>> {
    const params = { reason: reason ?? null };
    return this.start({ ...this.callOf(id, 'suspend', params), caller, key, isDryRun }, reply);
  }

  @Post('resume')
  @HttpCode(202)
  resume(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @IdempotencyKey() key: string | undefined,
    @Query() { dry_run: isDryRun }: DryRunQuery,
    @Res() reply: FastifyReply,
  ): Promise<Sends<{ 200: PlanView; 202: AcceptedForTenant }>> {
    return this.start({ ...this.callOf(id, 'resume', {}), caller, key, isDryRun }, reply);
  }

  @Post('move')
  @HttpCode(202)
  move(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @IdempotencyKey() key: string | undefined,
    @Query() { dry_run: isDryRun }: DryRunQuery,
    @Body() body: MoveTenantDto,
    @Res() reply: FastifyReply,
  ): Promise<Sends<{ 200: PlanView; 202: AcceptedForTenant }>> {
    const plan = () => this.moves.plan(id, body);
    const accept = (manager: EntityManager) => this.moves.accept(manager, id, body);
    const path = `/api/tenants/${id}/move`;
    return this.start({ caller, path, key, body, isDryRun, plan, accept }, reply);
  }

  @Post('deprovision')
  @HttpCode(202)
  deprovision(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @IdempotencyKey() key: string | undefined,
    @Query() { dry_run: isDryRun }: DryRunQuery,
    @Body() body: DeprovisionTenantDto,
    @Res() reply: FastifyReply,
  ): Promise<Sends<{ 200: PlanView; 202: AcceptedForTenant }>> {
    const plan = () => this.removals.planDeprovision(id, body);
    const accept = (manager: EntityManager) => this.removals.deprovision(manager, id, body);
    const path = `/api/tenants/${id}/deprovision`;
    return this.start({ caller, path, key, body, isDryRun, plan, accept }, reply);
  }

  @Post('restore')
  @HttpCode(202)
  restore(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @IdempotencyKey() key: string | undefined,
    @Query() { dry_run: isDryRun }: DryRunQuery,
    @Res() reply: FastifyReply,
  ): Promise<Sends<{ 200: PlanView; 202: AcceptedForTenant }>> {
    const plan = () => this.removals.planRestore(id);
    const accept = (manager: EntityManager) => this.removals.restore(manager, id);
    const path = `/api/tenants/${id}/restore`;
    return this.start({ caller, path, key, body: {}, isDryRun, plan, accept }, reply);
  }

  private callOf(
    id: string,
    operation: LifecycleOperation,
    body: JobParams,
  ): Pick<Call, 'path' | 'body' | 'plan' | 'accept'> {
    return {
      path: `/api/tenants/${id}/${operation}`,
      body,
      plan: () => this.operations.plan(id, operation),
      accept: (manager) => this.operations.accept(manager, id, operation, body),
    };
  }

  private async start(call: Call, reply: FastifyReply): Promise<void> {
    const { caller, path, key, body, isDryRun, plan, accept } = call;
    if (isDryRun) {
      await reply.status(200).send(await plan());
      return;
    }
    await sendRepeatable(reply, await this.idempotency.onceBy(caller, { path, key, body }, accept));
  }
}
