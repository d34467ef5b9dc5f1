import { ApiTags, servesOf } from '@atlas/platform';
import { type DeploymentApi, type TenantDefaultView } from '@atlas/tenant-api/deployment';
import { Controller } from '@nestjs/common';
import { WithoutLoginOrTenant } from '../access/requires';
import { OptionalTenant } from '../access/tenant-request';
import { ControlPlaneLink } from '../control-plane-link/control-plane-link';
import { Deployment } from '../plane-identity/deployment';
import { type Tenant } from '../tenancy/tenant.entity';
import { SignInWays } from './sign-in-ways';

const Serves = servesOf<DeploymentApi>();

/** What a sign-in page needs before anyone has signed in. */
@ApiTags('deployment')
@Controller()
export class TenantDefaultController {
  constructor(
    private readonly deployment: Deployment,
    private readonly link: ControlPlaneLink,
    private readonly ways: SignInWays,
  ) {}

  @WithoutLoginOrTenant()
  @Serves('GET /api/tenant-default')
  async describe(@OptionalTenant() tenant: Tenant | null): Promise<TenantDefaultView> {
    return {
      tenant: tenant && { id: tenant.id, slug: tenant.slug, name: tenant.name },
      deployment: this.deployment.describe(),
      control_plane: this.link.status,
      offline: this.deployment.isOffline,
      sign_in: await this.ways.of(tenant),
    };
  }
}
