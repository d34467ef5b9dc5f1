import { type NamedOutcome } from '@atlas/tenant-api';
import { ApiBearerAuth, ApiTags } from '@atlas/platform';
import { Controller } from '@nestjs/common';
import { Requires } from '../access/requires';
import { ControlPlaneChecks } from './control-plane-checks';
import { Serves } from '../access/serves';

/** Runs the preflight's link checks on a running plane. */
@ApiTags('integrations')
@ApiBearerAuth()
@Controller()
export class ControlPlaneChecksController {
  constructor(private readonly checks: ControlPlaneChecks) {}

  @Requires('integrations:read')
  @Serves('GET /api/integrations/control-plane')
  async check(): Promise<{ checks: NamedOutcome[] }> {
    return { checks: await this.checks.run() };
  }
}
