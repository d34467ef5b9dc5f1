import { ApiBearerAuth, ApiTags } from '@atlas/platform';
import { type NamedOutcome } from '@atlas/tenant-api';
import { Controller } from '@nestjs/common';
import { Requires } from '../access/requires';
import { Serves } from '../access/serves';
import { ControlPlaneChecks } from './control-plane-checks';

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
