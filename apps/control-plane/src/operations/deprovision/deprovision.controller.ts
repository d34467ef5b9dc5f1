import { DeprovisionTenantDto, type PlanView, type AcceptedForTenant } from '@atlas/operator-api';
import { ApiBearerAuth, ApiTags, DryRunQuery, UuidPipe } from '@atlas/platform';
import { Body, Controller, Param, Query } from '@nestjs/common';
import { Requires } from '../../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../../access/caller';
import { Serves } from '../../access/serves';
import { OperatorWrites } from '../../accounts/operator-writes';
import { StartsJob } from '../../lifecycle/starts-job.decorator';
import { Deprovisions } from './deprovisions';

@ApiTags('tenants')
@ApiBearerAuth()
@Requires('tenants:write')
@Controller()
export class DeprovisionController {
  constructor(
    private readonly deprovisions: Deprovisions,
    private readonly writes: OperatorWrites,
  ) {}

  @StartsJob()
  @Serves('POST /api/tenants/:id/deprovision')
  deprovision(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Query() { dry_run: isDryRun }: DryRunQuery,
    @Body() body: DeprovisionTenantDto,
  ): Promise<PlanView | AcceptedForTenant> {
    if (isDryRun) return this.deprovisions.plan(id, body);
    return this.writes.by(caller, () => this.deprovisions.start(id, body));
  }
}
