import { Module } from '@nestjs/common';
import { AccountsModule } from '../../accounts/accounts.module';
import { AuditModule } from '../../audit/audit.module';
import { DesiredStateModule } from '../../desired-state/desired-state.module';
import { FleetModule } from '../../fleet/fleet.module';
import { InfrastructureModule } from '../../infrastructure/infrastructure.module';
import { LifecycleModule } from '../../lifecycle/lifecycle.module';
import { ProvisioningJobsModule } from '../../provisioning-jobs/provisioning-jobs.module';
import { stepProviders } from '../../provisioning-jobs/step-providers';
import { AwaitHealthyStep } from './await-healthy.step';
import { AwaitVersionStep } from './await-version.step';
import { ReplacePlaneStep } from './replace-plane.step';
import { UpgradeBatchesStep } from './upgrade-batches.step';
import { UpgradeCanaryStep } from './upgrade-canary.step';
import { UpgradeTurn } from './upgrade-turn';
import { UpgradeWaves } from './upgrade-waves';
import { UpgradeController } from './upgrade.controller';
import { Upgrades } from './upgrades';

const STEPS = [AwaitHealthyStep, AwaitVersionStep, ReplacePlaneStep, UpgradeBatchesStep, UpgradeCanaryStep];

@Module({
  imports: [
    AccountsModule,
    AuditModule,
    DesiredStateModule,
    FleetModule,
    InfrastructureModule,
    LifecycleModule,
    ProvisioningJobsModule,
  ],
  controllers: [UpgradeController],
  providers: [UpgradeTurn, UpgradeWaves, Upgrades, ...stepProviders(STEPS)],
})
export class UpgradeModule {}
