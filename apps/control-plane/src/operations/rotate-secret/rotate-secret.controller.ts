import { type Answers, ApiBearerAuth, ApiTags, DryRunQuery, UuidPipe } from '@atlas/platform';
import { Body, Controller, Param, Post, Query } from '@nestjs/common';
import { Requires } from '../../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../../access/caller';
import { OperatorWrites } from '../../accounts/operator-writes';
import { type AcceptedForPlane, type PlanView } from '../../lifecycle/accepted.view';
import { StartsJob } from '../../lifecycle/starts-job.decorator';
import { RotateSecretDto } from './rotate-secret.dto';
import { SecretRotations } from './secret-rotations';

@ApiTags('tenant planes')
@ApiBearerAuth()
@Requires('planes:write')
@Controller('tenant-planes/:id')
export class RotateSecretController {
  constructor(
    private readonly rotations: SecretRotations,
    private readonly writes: OperatorWrites,
  ) {}

  @StartsJob()
  @Post('rotate-secret')
  rotateSecret(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Query() { dry_run: isDryRun }: DryRunQuery,
    @Body() { mode }: RotateSecretDto,
  ): Promise<Answers<{ 200: PlanView; 202: AcceptedForPlane }>> {
    if (isDryRun) return this.rotations.plan(id, mode);
    return this.writes.by(caller, () => this.rotations.start(id, mode));
  }
}
