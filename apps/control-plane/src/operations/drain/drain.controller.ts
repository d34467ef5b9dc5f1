import { type PlanView, type AcceptedForPlane, type TenantPlaneView } from '@atlas/operator-api';
import { Repeatable } from '@atlas/persistence';
import { ApiBearerAuth, ApiTags, DryRunQuery, UuidPipe } from '@atlas/platform';
import { Controller, HttpCode, Param, Query } from '@nestjs/common';
import { Requires } from '../../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../../access/caller';
import { Serves } from '../../access/serves';
import { OperatorWrites } from '../../accounts/operator-writes';
import { StartsJob } from '../../lifecycle/starts-job.decorator';
import { Drains } from './drains';

@ApiTags('tenant planes')
@ApiBearerAuth()
@Requires('planes:write')
@Controller()
export class DrainController {
  constructor(
    private readonly drains: Drains,
    private readonly writes: OperatorWrites,
  ) {}

  @StartsJob()
  @Serves('POST /api/tenant-planes/:id/drain')
  drain(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Query() { dry_run: isDryRun }: DryRunQuery,
  ): Promise<PlanView | AcceptedForPlane> {
    if (isDryRun) return this.drains.plan(id);
    return this.writes.by(caller, () => this.drains.start(id));
  }

  @Repeatable()
  @Serves('POST /api/tenant-planes/:id/reopen')
  @HttpCode(200)
  reopen(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
  ): Promise<{ tenant_plane: TenantPlaneView }> {
    return this.writes.by(caller, () => this.drains.reopen(id));
  }
}
