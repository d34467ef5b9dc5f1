import { type Answers, ApiBearerAuth, ApiTags, DryRunQuery, UuidPipe } from '@atlas/platform';
import { Body, Controller, Param, Post, Query } from '@nestjs/common';
import { Requires } from '../../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../../access/caller';
import { OperatorWrites } from '../../accounts/operator-writes';
import { type AcceptedForTenant, type PlanView } from '../../lifecycle/accepted.view';
import { StartsJob } from '../../lifecycle/starts-job.decorator';
import { SuspendTenantDto } from './suspend-tenant.dto';
import { Suspensions } from './suspensions';

@ApiTags('tenants')
@ApiBearerAuth()
@Requires('tenants:write')
@Controller('tenants/:id')
export class SuspendController {
  constructor(
    private readonly suspensions: Suspensions,
    private readonly writes: OperatorWrites,
  ) {}

  @StartsJob()
  @Post('suspend')
  suspend(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Query() { dry_run: isDryRun }: DryRunQuery,
    @Body() body: SuspendTenantDto,
  ): Promise<Answers<{ 200: PlanView; 202: AcceptedForTenant }>> {
    if (isDryRun) return this.suspensions.plan(id, 'suspend');
    return this.writes.by(caller, () => this.suspensions.start(id, 'suspend', body));
  }

  @StartsJob()
  @Post('resume')
  resume(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Query() { dry_run: isDryRun }: DryRunQuery,
  ): Promise<Answers<{ 200: PlanView; 202: AcceptedForTenant }>> {
    if (isDryRun) return this.suspensions.plan(id, 'resume');
    return this.writes.by(caller, () => this.suspensions.start(id, 'resume'));
  }
}
