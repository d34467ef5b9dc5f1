import { type LifecycleOperation } from '@atlas/deployment-profiles';
import { UuidPipe } from '@atlas/platform';
import { Body, Controller, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiTags } from '@nestjs/swagger';
import { type FastifyReply } from 'fastify';
import { Requires } from '../accounts/access.guard';
import { CurrentOperator, type OperatorCaller } from '../accounts/caller';
import { SealedIdempotency } from '../idempotency/sealed-idempotency';
import { sendRepeatable } from '../idempotency/send-repeatable';
import { type JobParams } from '../provisioning/job';
import { TenantOperations } from '../provisioning/tenant-operations';
import { DryRunQuery } from '../tenant-planes/tenant-planes.dto';
import { SuspendTenantDto } from './tenants.dto';

interface Call {
  readonly caller: OperatorCaller;
  readonly id: string;
  readonly operation: LifecycleOperation;
  readonly isDryRun: boolean;
  readonly key: string | undefined;
  readonly params?: JobParams;
}

/** What may happen to a tenant that is there: each a job. */
@ApiTags('tenants')
@ApiBearerAuth()
@ApiHeader({ name: 'idempotency-key', required: false })
@Requires('tenants:write')
@Controller('tenants/:id')
export class LifecycleController {
  constructor(
    private readonly operations: TenantOperations,
    private readonly idempotency: SealedIdempotency,
  ) {}

  @Post('suspend')
  @HttpCode(202)
  suspend(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Headers('idempotency-key') key: string | undefined,
    @Query() { dry_run: isDryRun }: DryRunQuery,
    @Body() { reason }: SuspendTenantDto,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.start(
      { caller, id, operation: 'suspend', isDryRun, key, params: { reason: reason ?? null } },
      reply,
    );
  }

  @Post('resume')
  @HttpCode(202)
  resume(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Headers('idempotency-key') key: string | undefined,
    @Query() { dry_run: isDryRun }: DryRunQuery,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.start({ caller, id, operation: 'resume', isDryRun, key }, reply);
  }

  private async start(
    { caller, id, operation, isDryRun, key, params }: Call,
    reply: FastifyReply,
  ): Promise<void> {
    if (isDryRun) {
      await reply.status(200).send(await this.operations.plan(id, operation));
      return;
    }
    const scope = [caller.id, 'POST', `/api/tenants/${id}/${operation}`];
    const answer = await this.idempotency.once({ scope, key, body: params }, (manager) =>
      this.operations.accept(manager, id, operation, params),
    );
    await sendRepeatable(reply, answer);
  }
}
