import { ApiBearerAuth, ApiTags, servesOf } from '@atlas/platform';
import { type OnboardingApi, type ChecklistView, SkipStepDto } from '@atlas/tenant-api/onboarding';
import { Body, Controller, HttpCode, Param } from '@nestjs/common';
import { Requires } from '../access/requires';
import { CurrentTenant, CurrentUser } from '../access/tenant-request';
import { UserWrites } from '../access/user-writes';
import { type Permission } from '../credentials/permission';
import { type SignedInUser } from '../credentials/signed-in-user';
import { type Tenant } from '../tenancy/tenant.entity';
import { Onboarding } from './onboarding';

const Serves = servesOf<OnboardingApi>();
const READ_ONBOARDING: Permission = { name: 'onboarding:read', from: 'requester' };
const WRITE_ONBOARDING: Permission = { name: 'onboarding:write', from: 'admin' };

@ApiTags('onboarding')
@ApiBearerAuth()
@Controller()
export class OnboardingController {
  constructor(
    private readonly onboarding: Onboarding,
    private readonly writes: UserWrites,
  ) {}

  @Requires(READ_ONBOARDING)
  @Serves('GET /api/onboarding')
  checklist(@CurrentTenant() tenant: Tenant): Promise<ChecklistView> {
    return this.onboarding.checklist(tenant);
  }

  @Requires(WRITE_ONBOARDING)
  @Serves('POST /api/onboarding/steps/:step/skip')
  @HttpCode(200)
  skip(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Param('step') step: string,
    @Body() dto: SkipStepDto,
  ): Promise<ChecklistView> {
    return this.writes.by(tenant.id, user, () => this.onboarding.skip(tenant, step, dto));
  }
}
