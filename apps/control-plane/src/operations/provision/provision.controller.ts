import { ProvisionTenantDto, type PlanView, type AcceptedForTenant } from '@atlas/operator-api';
import { ApiBearerAuth, ApiTags, DryRunQuery } from '@atlas/platform';
import { Body, Controller, Query } from '@nestjs/common';
import { Requires } from '../../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../../access/caller';
import { Serves } from '../../access/serves';
import { OperatorWrites } from '../../accounts/operator-writes';
import { StartsJob } from '../../lifecycle/starts-job.decorator';
import { type TenantSource } from '../../registry/tenant.entity';
import { Provisioning } from './provisioning';

@ApiTags('tenants')
@ApiBearerAuth()
@Controller()
export class ProvisionController {
  constructor(
    private readonly provisioning: Provisioning,
    private readonly writes: OperatorWrites,
  ) {}

  @Requires('tenants:provision')
  @StartsJob()
  @Serves('POST /api/tenants/provision')
  provision(
    @CurrentOperator() caller: OperatorCaller,
    @Query() { dry_run: isDryRun }: DryRunQuery,
    @Body() body: ProvisionTenantDto,
  ): Promise<PlanView | AcceptedForTenant> {
    if (isDryRun) return this.provisioning.plan(body);
    return this.writes.by(caller, () => this.provisioning.start(body, sourceOf(caller)));
  }
}

/** People sign in, and programs have keys. */
function sourceOf({ kind }: OperatorCaller): TenantSource {
  return kind === 'operator' ? 'admin_ui' : 'api';
}
