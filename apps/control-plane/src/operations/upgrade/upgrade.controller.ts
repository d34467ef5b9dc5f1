import {
  UpgradePlaneDto,
  type PlanView,
  type AcceptedForPlane,
  UpgradeWaveDto,
  type JobView,
} from '@atlas/operator-api';
import { ApiBearerAuth, ApiTags, DryRunQuery, UuidPipe } from '@atlas/platform';
import { Body, Controller, Param, Query } from '@nestjs/common';
import { Requires } from '../../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../../access/caller';
import { Serves } from '../../access/serves';
import { OperatorWrites } from '../../accounts/operator-writes';
import { StartsJob } from '../../lifecycle/starts-job.decorator';
import { UpgradeWaves } from './upgrade-waves';
import { Upgrades } from './upgrades';

@ApiTags('tenant planes')
@ApiBearerAuth()
@Requires('planes:write')
@Controller()
export class UpgradeController {
  constructor(
    private readonly upgrades: Upgrades,
    private readonly waves: UpgradeWaves,
    private readonly writes: OperatorWrites,
  ) {}

  @StartsJob()
  @Serves('POST /api/tenant-planes/:id/upgrade')
  upgrade(
    @CurrentOperator() caller: OperatorCaller,
    @Param('id', UuidPipe) id: string,
    @Query() { dry_run: isDryRun }: DryRunQuery,
    @Body() { version }: UpgradePlaneDto,
  ): Promise<PlanView | AcceptedForPlane> {
    if (isDryRun) return this.upgrades.plan(id, version);
    return this.writes.by(caller, () => this.upgrades.start(id, version));
  }

  @StartsJob()
  @Serves('POST /api/tenant-planes/upgrades')
  upgradeWave(
    @CurrentOperator() caller: OperatorCaller,
    @Query() { dry_run: isDryRun }: DryRunQuery,
    @Body() body: UpgradeWaveDto,
  ): Promise<PlanView | { job: JobView }> {
    if (isDryRun) return this.waves.plan(body);
    return this.writes.by(caller, () => this.waves.start(body));
  }
}
