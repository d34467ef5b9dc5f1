import { ApiBearerAuth, ApiTags, servesOf } from '@atlas/platform';
import { type DeploymentApi, type DeploymentStateView } from '@atlas/tenant-api/deployment';
import { Controller } from '@nestjs/common';
import { Requires } from '../access/requires';
import { CurrentTenant } from '../access/tenant-request';
import { type Permission } from '../credentials/permission';
import { type Tenant } from '../tenancy/tenant.entity';
import { DeploymentState } from './deployment-state';

const Serves = servesOf<DeploymentApi>();
const READ_DEPLOYMENT: Permission = { name: 'deployment:read', from: 'operator' };

@ApiTags('deployment')
@ApiBearerAuth()
@Controller()
export class DeploymentController {
  constructor(private readonly state: DeploymentState) {}

  @Requires(READ_DEPLOYMENT)
  @Serves('GET /api/deployment')
  show(@CurrentTenant() tenant: Tenant): Promise<DeploymentStateView> {
    return this.state.of(tenant);
  }
}
