import { type Answers, ApiBearerAuth, ApiTags, DryRunQuery } from '@atlas/platform';
import { Body, Controller, Post, Query } from '@nestjs/common';
import { Requires } from '../../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../../access/caller';
import { OperatorWrites } from '../../accounts/operator-writes';
import { type AcceptedForTenant, type PlanView } from '../../lifecycle/accepted.view';
import { StartsJob } from '../../lifecycle/starts-job.decorator';
import { ProvisionTenantDto } from './provision-tenant.dto';
import { Provisioning } from './provisioning';

@ApiTags('tenants')
@ApiBearerAuth()
@Controller('tenants')
export class ProvisionController {
  constructor(
    private readonly provisioning: Provisioning,
    private readonly writes: OperatorWrites,
  ) {}

  @Requires('tenants:provision')
  @StartsJob()
  @Post('provision')
  provision(
    @CurrentOperator() caller: OperatorCaller,
    @Query() { dry_run: isDryRun }: DryRunQuery,
    @Body() body: ProvisionTenantDto,
  ): Promise<Answers<{ 200: PlanView; 202: AcceptedForTenant }>> {
    if (isDryRun) return this.provisioning.plan(body);
    return this.writes.by(caller, () => this.provisioning.start(body, 'api'));
  }
}
