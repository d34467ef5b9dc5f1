import {
  ApiBearerAuth,
  ApiTags,
  servesOf,
  ExpectedVersion,
  IfMatch,
  Versioned,
  byContent,
} from '@atlas/platform';
import {
  type AutomationApi,
  AutomationPolicyDto,
  type AutomationPolicyView,
} from '@atlas/tenant-api/automation';
import { Body, Controller } from '@nestjs/common';
import { ChangesModule, Requires } from '../access/requires';
import { CurrentTenant, CurrentUser } from '../access/tenant-request';
import { UserWrites } from '../access/user-writes';
import { type SignedInUser } from '../credentials/signed-in-user';
import { type Tenant } from '../tenancy/tenant.entity';
import { AutomationPolicies } from './automation-policies';
import { READ_AUTOMATION, SET_AUTOMATION_POLICY } from './automation-permissions';

const Serves = servesOf<AutomationApi>();
const VERSION = byContent<AutomationPolicyView>('level', 'overrides');

@ApiTags('automation')
@ApiBearerAuth()
@Controller()
export class AutomationPolicyController {
  constructor(
    private readonly policies: AutomationPolicies,
    private readonly writes: UserWrites,
  ) {}

  @Requires(READ_AUTOMATION)
  @Versioned(VERSION)
  @Serves('GET /api/automation/policy')
  get(@CurrentTenant() tenant: Tenant): Promise<AutomationPolicyView> {
    return this.policies.get(tenant.id);
  }

  @Requires(SET_AUTOMATION_POLICY)
  @Versioned(VERSION)
  @ChangesModule('runbooks')
  @Serves('PUT /api/automation/policy')
  set(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Body() dto: AutomationPolicyDto,
    @IfMatch() expected: ExpectedVersion<AutomationPolicyView>,
  ): Promise<AutomationPolicyView> {
    return this.writes.by(tenant.id, user, () => this.policies.set(tenant.id, dto, expected));
  }
}
