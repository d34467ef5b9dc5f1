import { classesIn } from '@atlas/platform';
import { Module } from '@nestjs/common';
import { AccountsModule } from '../../accounts/accounts.module';
import { AuditModule } from '../../audit/audit.module';
import { DesiredStateModule } from '../../desired-state/desired-state.module';
import { EnrolmentModule } from '../../enrolment/enrolment.module';
import { LifecycleModule } from '../../lifecycle/lifecycle.module';
import { ProvisioningJobsModule } from '../../provisioning-jobs/provisioning-jobs.module';
import { ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { stepProviders } from '../../provisioning-jobs/step-providers';
import { RegistryModule } from '../../registry/registry.module';
import { TenantsModule } from '../../tenants/tenants.module';
import { TransfersModule } from '../../transfers/transfers.module';
import { HomeChange } from './home-change';
import { MoveController } from './move.controller';
import { Moves } from './moves';

@Module({
  imports: [
    AccountsModule,
    AuditModule,
    DesiredStateModule,
    EnrolmentModule,
    LifecycleModule,
    ProvisioningJobsModule,
    RegistryModule,
    TenantsModule,
    TransfersModule,
  ],
  controllers: [MoveController],
  providers: [HomeChange, Moves, ...stepProviders(classesIn(__dirname, 'step', ProvisioningStep))],
})
export class MoveModule {}
