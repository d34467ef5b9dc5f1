import { type PlanView, type AcceptedForTenant } from '@atlas/operator-api';
import { ApiBearerAuth, ApiTags, DryRunQuery, UuidPipe } from '@atlas/platform';
import { Controller, Param, Query } from '@nestjs/common';
import { Requires } from '../../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../../access/caller';
import { Serves } from '../../access/serves';
import { OperatorWrites } from '../../accounts/operator-writes';
import { StartsJob } from '../../lifecycle/starts-job.decorator';
import { Restores } from './restores';

@ApiTags('tenants')
@ApiBearerAuth()
@Requires('tenants:write')
@Controller()
export class RestoreController {
  constructor(
    private readonly restores: Restores,
    private readonly writes: OperatorWrites,
  ) {}

  @StartsJob()
  @Serves('POST /api/tenants/:id/restore')
  restore(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Query() { dry_run: isDryRun }: DryRunQuery,
  ): Promise<PlanView | AcceptedForTenant> {
    if (isDryRun) return this.restores.plan(id);
    return this.writes.by(caller, () => this.restores.start(id));
  }
}
