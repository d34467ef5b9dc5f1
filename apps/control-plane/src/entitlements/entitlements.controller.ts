import {
  type BillingChangedView,
  BillingStateDto,
  IssueLeaseDto,
  type LeaseFileView,
  type PlanSpecView,
  UsageQuery,
  type UsageView,
} from '@atlas/operator-api';
import { Repeatable } from '@atlas/persistence';
import { ApiBearerAuth, ApiTags, Refuses, UuidPipe } from '@atlas/platform';
import { ENTITLEMENTS_OF_PLANS, PLANS } from '@atlas/tenancy';
import { Body, Controller, HttpCode, Param, Query } from '@nestjs/common';
import { Requires } from '../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../access/caller';
import { Serves } from '../access/serves';
import { OperatorWrites } from '../accounts/operator-writes';
import { Billing } from './billing';
import { LeaseFiles } from './lease-files';
import { Usage } from './usage';

@ApiTags('entitlements')
@ApiBearerAuth()
@Controller()
export class EntitlementsController {
  constructor(
    private readonly billing: Billing,
    private readonly files: LeaseFiles,
    private readonly usage: Usage,
    private readonly writes: OperatorWrites,
  ) {}

  @Requires('tenants:read')
  @Serves('GET /api/plans')
  plans(): readonly PlanSpecView[] {
    return PLANS.map((key) => ({ key, ...ENTITLEMENTS_OF_PLANS[key] }));
  }

  /** The file grants what the tenant's plan and its bill allow at the moment. */
  @Requires('tenants:write')
  @Serves('POST /api/tenants/:id/lease')
  @Refuses('conflict')
  @HttpCode(200)
  issueLease(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Body() body: IssueLeaseDto,
  ): Promise<LeaseFileView> {
    return this.writes.by(caller, () => this.files.issue(id, body));
  }

  @Requires('tenants:write')
  @Repeatable()
  @Serves('POST /api/tenants/:id/billing-state')
  @Refuses('conflict')
  @HttpCode(200)
  changeBilling(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Body() body: BillingStateDto,
  ): Promise<BillingChangedView> {
    return this.writes.by(caller, () => this.billing.change(id, body.state));
  }

  @Requires('tenants:read')
  @Serves('GET /api/tenants/:id/usage')
  usageOf(@Param('id', UuidPipe) id: string, @Query() query: UsageQuery): Promise<UsageView> {
    return this.usage.ofMonth(id, query.month);
  }
}
