import { SuspendTenantDto, type PlanView, type AcceptedForTenant } from '@atlas/operator-api';
import { ApiBearerAuth, ApiTags, DryRunQuery, UuidPipe } from '@atlas/platform';
import { Body, Controller, Param, Query } from '@nestjs/common';
import { Requires } from '../../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../../access/caller';
import { Serves } from '../../access/serves';
import { OperatorWrites } from '../../accounts/operator-writes';
import { StartsJob } from '../../lifecycle/starts-job.decorator';
import { Suspensions } from './suspensions';

@ApiTags('tenants')
@ApiBearerAuth()
@Requires('tenants:write')
@Controller()
export class SuspendController {
  constructor(
    private readonly suspensions: Suspensions,
    private readonly writes: OperatorWrites,
  ) {}

  @StartsJob()
  @Serves('POST /api/tenants/:id/suspend')
  suspend(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Query() { dry_run: isDryRun }: DryRunQuery,
    @Body() body: SuspendTenantDto,
  ): Promise<PlanView | AcceptedForTenant> {
    if (isDryRun) return this.suspensions.plan(id, 'suspend');
    return this.writes.by(caller, () => this.suspensions.start(id, 'suspend', body));
  }

  @StartsJob()
  @Serves('POST /api/tenants/:id/resume')
  resume(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Query() { dry_run: isDryRun }: DryRunQuery,
  ): Promise<PlanView | AcceptedForTenant> {
    if (isDryRun) return this.suspensions.plan(id, 'resume');
    return this.writes.by(caller, () => this.suspensions.start(id, 'resume'));
  }
}
