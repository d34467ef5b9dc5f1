import { ApiBearerAuth, ApiTags } from '@atlas/platform';
import { type NamedOutcome } from '@atlas/tenant-api';
import { Controller } from '@nestjs/common';
import { Requires } from '../access/requires';
import { Serves } from '../access/serves';
import { type Permission } from '../credentials/permission';
import { ControlPlaneChecks } from './control-plane-checks';

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
