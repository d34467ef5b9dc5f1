import { type Answers, ApiBearerAuth, ApiTags, DryRunQuery, UuidPipe } from '@atlas/platform';
import { Body, Controller, Param, Post, Query } from '@nestjs/common';
import { Requires } from '../../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../../access/caller';
import { OperatorWrites } from '../../accounts/operator-writes';
import { type AcceptedForPlane, type PlanView } from '../../lifecycle/accepted.view';
import { type JobView } from '../../lifecycle/job.view';
import { StartsJob } from '../../lifecycle/starts-job.decorator';
import { UpgradeWaves } from './upgrade-waves';
import { UpgradePlaneDto, UpgradeWaveDto } from './upgrade.dto';
import { Upgrades } from './upgrades';

@ApiTags('tenant planes')
@ApiBearerAuth()
@Requires('planes:write')
@Controller('tenant-planes')
export class UpgradeController {
  constructor(
    private readonly upgrades: Upgrades,
    private readonly waves: UpgradeWaves,
    private readonly writes: OperatorWrites,
  ) {}

  @StartsJob()
  @Post(':id/upgrade')
  upgrade(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Query() { dry_run: isDryRun }: DryRunQuery,
    @Body() { version }: UpgradePlaneDto,
  ): Promise<Answers<{ 200: PlanView; 202: AcceptedForPlane }>> {
    if (isDryRun) return this.upgrades.plan(id, version);
    return this.writes.by(caller, () => this.upgrades.start(id, version));
  }

  @StartsJob()
  @Post('upgrades')
  upgradeWave(
    @CurrentOperator() caller: OperatorCaller,
    @Query() { dry_run: isDryRun }: DryRunQuery,
    @Body() body: UpgradeWaveDto,
  ): Promise<Answers<{ 200: PlanView; 202: { job: JobView } }>> {
    if (isDryRun) return this.waves.plan(body);
    return this.writes.by(caller, () => this.waves.start(body));
  }
}
