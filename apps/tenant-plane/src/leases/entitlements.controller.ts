import { ApiBearerAuth, ApiTags, Refuses, servesOf } from '@atlas/platform';
import { type EntitlementsApi, type EntitlementsView, LoadLeaseDto } from '@atlas/tenant-api/entitlements';
import { Body, Controller, HttpCode } from '@nestjs/common';
import { AnyUser, Requires } from '../access/requires';
import { CurrentTenant, CurrentUser } from '../access/tenant-request';
import { UserWrites } from '../access/user-writes';
import { type Permission } from '../credentials/permission';
import { type SignedInUser } from '../credentials/signed-in-user';
import { type Tenant } from '../tenancy/tenant.entity';
import { EntitlementViews } from './entitlement-views';
import { LeaseFiles } from './lease-files';

const Serves = servesOf<EntitlementsApi>();
const LOAD_LEASES: Permission = { name: 'leases:load', from: 'admin' };

@ApiTags('entitlements')
@ApiBearerAuth()
@Controller()
export class EntitlementsController {
  constructor(
    private readonly views: EntitlementViews,
    private readonly files: LeaseFiles,
    private readonly writes: UserWrites,
  ) {}

  @AnyUser()
  @Serves('GET /api/entitlements')
  show(@CurrentTenant() tenant: Tenant): Promise<EntitlementsView> {
    return this.views.of(tenant);
  }

  /** Only on planes that customers run. The other planes receive their leases from the Control Plane. */
  @Requires(LOAD_LEASES)
  @Serves('POST /api/entitlements/lease')
  @Refuses('conflict')
  @HttpCode(200)
  async load(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Body() { lease }: LoadLeaseDto,
  ): Promise<EntitlementsView> {
    const loaded = await this.files.load(tenant.id, lease, (write) => this.writes.by(tenant.id, user, write));
    return this.views.of(loaded);
  }
}
