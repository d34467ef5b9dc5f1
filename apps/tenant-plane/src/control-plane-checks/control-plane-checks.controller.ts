import { ApiBearerAuth, ApiTags } from '@atlas/platform';
import { Controller, Get } from '@nestjs/common';
import { Requires } from '../access/requires';
import { ControlPlaneChecks } from './control-plane-checks';
import { type NamedOutcome } from './run-checks';

/** Runs the preflight's link checks on a running plane. */
@ApiTags('integrations')
@ApiBearerAuth()
@Controller('integrations/control-plane')
export class ControlPlaneChecksController {
  constructor(private readonly checks: ControlPlaneChecks) {}

  @Requires('integrations:read')
  @Get()
  async check(): Promise<{ checks: NamedOutcome[] }> {
    return { checks: await this.checks.run() };
  }
}
