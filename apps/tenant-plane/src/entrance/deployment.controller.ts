import { Database } from '@atlas/persistence';
import { ApiBearerAuth, ApiTags, servesOf } from '@atlas/platform';
import { type DeploymentApi, type DeploymentDetailsView } from '@atlas/tenant-api/deployment';
import { Controller } from '@nestjs/common';
import { Requires } from '../access/requires';
import { type Permission } from '../credentials/permission';
import { Deployment } from '../plane-identity/deployment';

const Serves = servesOf<DeploymentApi>();
const READ_DEPLOYMENT: Permission = { name: 'deployment:read', from: 'operator' };

@ApiTags('deployment')
@ApiBearerAuth()
@Controller()
export class DeploymentController {
  constructor(
    private readonly deployment: Deployment,
    private readonly database: Database,
  ) {}

  @Requires(READ_DEPLOYMENT)
  @Serves('GET /api/deployment')
  show(): DeploymentDetailsView {
    return { ...this.deployment.details(), database: this.database.driver };
  }
}
