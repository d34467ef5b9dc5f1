import { ApiBearerAuth, ApiTags, servesOf } from '@atlas/platform';
import { type DeploymentApi, type NamedOutcome } from '@atlas/tenant-api/deployment';
import { Controller } from '@nestjs/common';
import { Requires } from '../access/requires';
import { type Permission } from '../credentials/permission';
import { ControlPlaneChecks } from './control-plane-checks';

const Serves = servesOf<DeploymentApi>();
const READ_INTEGRATIONS: Permission = { name: 'integrations:read', from: 'operator' };

/** Runs the preflight's link checks on a running plane. */
@ApiTags('integrations')
@ApiBearerAuth()
@Controller()
export class ControlPlaneChecksController {
  constructor(private readonly checks: ControlPlaneChecks) {}

  @Requires(READ_INTEGRATIONS)
  @Serves('GET /api/integrations/control-plane')
  async check(): Promise<{ checks: NamedOutcome[] }> {
    return { checks: await this.checks.run() };
  }
}
