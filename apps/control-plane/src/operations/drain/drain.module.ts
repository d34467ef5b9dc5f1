import { Module } from '@nestjs/common';
import { AccountsModule } from '../../accounts/accounts.module';
import { AuditModule } from '../../audit/audit.module';
import { FleetModule } from '../../fleet/fleet.module';
import { LifecycleModule } from '../../lifecycle/lifecycle.module';
import { ProvisioningJobsModule } from '../../provisioning-jobs/provisioning-jobs.module';
import { stepProviders } from '../../provisioning-jobs/step-providers';
import { RegistryModule } from '../../registry/registry.module';
import { CloseCellStep } from './close-cell.step';
import { DrainController } from './drain.controller';
import { Drains } from './drains';
import { MoveTenantsStep } from './move-tenants.step';

const STEPS = [CloseCellStep, MoveTenantsStep];

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
  providers: [Drains, ...stepProviders(STEPS)],
})
export class DrainModule {}
