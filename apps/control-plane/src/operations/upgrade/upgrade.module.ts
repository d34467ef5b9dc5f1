import { classesIn } from '@atlas/platform';
import { Module } from '@nestjs/common';
import { AccountsModule } from '../../accounts/accounts.module';
import { AuditModule } from '../../audit/audit.module';
import { DesiredStateModule } from '../../desired-state/desired-state.module';
import { FleetModule } from '../../fleet/fleet.module';
import { InfrastructureModule } from '../../infrastructure/infrastructure.module';
import { LifecycleModule } from '../../lifecycle/lifecycle.module';
import { ProvisioningJobsModule } from '../../provisioning-jobs/provisioning-jobs.module';
import { ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { stepProviders } from '../../provisioning-jobs/step-providers';
import { UpgradeTurn } from './upgrade-turn';
import { UpgradeWaves } from './upgrade-waves';
import { UpgradeController } from './upgrade.controller';
import { Upgrades } from './upgrades';

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
  providers: [
    UpgradeTurn,
    UpgradeWaves,
    Upgrades,
    ...stepProviders(classesIn(__dirname, 'step', ProvisioningStep)),
  ],
})
export class UpgradeModule {}
