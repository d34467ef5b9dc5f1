import { Repeatable } from '@atlas/persistence';
import { type Answers, ApiBearerAuth, ApiTags, DryRunQuery, UuidPipe } from '@atlas/platform';
import { Controller, HttpCode, Param, Post, Query } from '@nestjs/common';
import { Requires } from '../../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../../access/caller';
import { OperatorWrites } from '../../accounts/operator-writes';
import { type TenantPlaneView } from '../../fleet/tenant-planes';
import { type AcceptedForPlane, type PlanView } from '../../lifecycle/accepted.view';
import { StartsJob } from '../../lifecycle/starts-job.decorator';
import { Drains } from './drains';

@ApiTags('tenant planes')
@ApiBearerAuth()
@Requires('planes:write')
@Controller('tenant-planes/:id')
export class DrainController {
  constructor(
    private readonly drains: Drains,
    private readonly writes: OperatorWrites,
  ) {}

  @StartsJob()
  @Post('drain')
  drain(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Query() { dry_run: isDryRun }: DryRunQuery,
  ): Promise<Answers<{ 200: PlanView; 202: AcceptedForPlane }>> {
    if (isDryRun) return this.drains.plan(id);
    return this.writes.by(caller, () => this.drains.start(id));
  }

  @Repeatable()
  @Post('reopen')
  @HttpCode(200)
  reopen(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
  ): Promise<{ tenant_plane: TenantPlaneView }> {
    return this.writes.by(caller, () => this.drains.reopen(id));
  }
}
