import { classesIn } from '@atlas/platform';
import { Module } from '@nestjs/common';
import { AccountsModule } from '../../accounts/accounts.module';
import { AuditModule } from '../../audit/audit.module';
import { FleetModule } from '../../fleet/fleet.module';
import { LifecycleModule } from '../../lifecycle/lifecycle.module';
import { ProvisioningJobsModule } from '../../provisioning-jobs/provisioning-jobs.module';
import { ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { stepProviders } from '../../provisioning-jobs/step-providers';
import { RegistryModule } from '../../registry/registry.module';
import { DrainController } from './drain.controller';
import { Drains } from './drains';

@Module({
  imports: [
    AccountsModule,
    AuditModule,
    FleetModule,
    LifecycleModule,
    ProvisioningJobsModule,
    RegistryModule,
  ],
  controllers: [DrainController],
  providers: [Drains, ...stepProviders(classesIn(__dirname, 'step', ProvisioningStep))],
})
export class DrainModule {}
