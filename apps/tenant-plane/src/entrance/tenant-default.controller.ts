import { ApiTags, servesOf } from '@atlas/platform';
import { type DeploymentApi, type TenantDefaultView } from '@atlas/tenant-api/deployment';
import { Controller } from '@nestjs/common';
import { WithoutLoginOrTenant } from '../access/requires';
import { OptionalTenant } from '../access/tenant-request';
import { ControlPlaneLink } from '../control-plane-link/control-plane-link';
import { Deployment } from '../plane-identity/deployment';
import { type Tenant } from '../tenancy/tenant.entity';

const Serves = servesOf<DeploymentApi>();

/** What a sign-in page needs before anyone has signed in. */
@ApiTags('deployment')
@Controller()
export class TenantDefaultController {
  constructor(
    private readonly deployment: Deployment,
    private readonly link: ControlPlaneLink,
  ) {}

  @WithoutLoginOrTenant()
  @Serves('GET /api/tenant-default')
  describe(@OptionalTenant() tenant: Tenant | null): TenantDefaultView {
    return {
      tenant: tenant && { id: tenant.id, slug: tenant.slug, name: tenant.name },
      deployment: this.deployment.describe(),
      control_plane: this.link.status,
    };
  }
}
