import { RotateSecretDto, type PlanView, type AcceptedForPlane } from '@atlas/operator-api';
import { ApiBearerAuth, ApiTags, DryRunQuery, UuidPipe } from '@atlas/platform';
import { Body, Controller, Param, Query } from '@nestjs/common';
import { Requires } from '../../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../../access/caller';
import { Serves } from '../../access/serves';
import { OperatorWrites } from '../../accounts/operator-writes';
import { StartsJob } from '../../lifecycle/starts-job.decorator';
import { SecretRotations } from './secret-rotations';

@ApiTags('tenant planes')
@ApiBearerAuth()
@Requires('planes:write')
@Controller()
export class RotateSecretController {
  constructor(
    private readonly rotations: SecretRotations,
    private readonly writes: OperatorWrites,
  ) {}

  @StartsJob()
  @Serves('POST /api/tenant-planes/:id/rotate-secret')
  rotateSecret(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Query() { dry_run: isDryRun }: DryRunQuery,
    @Body() { mode }: RotateSecretDto,
  ): Promise<PlanView | AcceptedForPlane> {
    if (isDryRun) return this.rotations.plan(id, mode);
    return this.writes.by(caller, () => this.rotations.start(id, mode));
  }
}
