import { ApiTags } from '@atlas/platform';
import { Controller, Get } from '@nestjs/common';
import { WithoutLoginOrTenant } from '../access/requires';
import { OptionalTenant } from '../access/tenant-request';
import { ControlPlaneLink } from '../control-plane-link/control-plane-link';
import { Deployment, type DeploymentView } from '../plane-identity/deployment';
import { type Tenant } from '../tenancy/tenant.entity';

export interface TenantDefaultView {
  readonly tenant: Pick<Tenant, 'id' | 'slug' | 'name'> | null;
  readonly deployment: DeploymentView;
  readonly control_plane: ControlPlaneLink['status'];
}

/** What a login page needs before anyone has signed in. */
@ApiTags('deployment')
@Controller('tenant-default')
export class TenantDefaultController {
  constructor(
    private readonly deployment: Deployment,
    private readonly link: ControlPlaneLink,
  ) {}

  @WithoutLoginOrTenant()
  @Get()
  describe(@OptionalTenant() tenant: Tenant | null): TenantDefaultView {
    return {
      tenant: tenant && { id: tenant.id, slug: tenant.slug, name: tenant.name },
      deployment: this.deployment.describe(),
      control_plane: this.link.status,
    };
  }
}
