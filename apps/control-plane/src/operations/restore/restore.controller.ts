import { type Answers, ApiBearerAuth, ApiTags, DryRunQuery, UuidPipe } from '@atlas/platform';
import { Controller, Param, Post, Query } from '@nestjs/common';
import { Requires } from '../../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../../access/caller';
import { OperatorWrites } from '../../accounts/operator-writes';
import { type AcceptedForTenant, type PlanView } from '../../lifecycle/accepted.view';
import { StartsJob } from '../../lifecycle/starts-job.decorator';
import { Restores } from './restores';

@ApiTags('tenants')
@ApiBearerAuth()
@Requires('tenants:write')
@Controller('tenants/:id')
export class RestoreController {
  constructor(
    private readonly restores: Restores,
    private readonly writes: OperatorWrites,
  ) {}

  @StartsJob()
  @Post('restore')
  restore(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Query() { dry_run: isDryRun }: DryRunQuery,
  ): Promise<Answers<{ 200: PlanView; 202: AcceptedForTenant }>> {
    if (isDryRun) return this.restores.plan(id);
    return this.writes.by(caller, () => this.restores.start(id));
  }
}
