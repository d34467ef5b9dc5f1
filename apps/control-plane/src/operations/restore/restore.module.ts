import { classesIn } from '@atlas/platform';
import { Module } from '@nestjs/common';
import { AccountsModule } from '../../accounts/accounts.module';
import { DesiredStateModule } from '../../desired-state/desired-state.module';
import { EnrolmentModule } from '../../enrolment/enrolment.module';
import { LifecycleModule } from '../../lifecycle/lifecycle.module';
import { ProvisioningJobsModule } from '../../provisioning-jobs/provisioning-jobs.module';
import { ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { stepProviders } from '../../provisioning-jobs/step-providers';
import { TenantsModule } from '../../tenants/tenants.module';
import { TransfersModule } from '../../transfers/transfers.module';
import { RestoreController } from './restore.controller';
import { Restores } from './restores';

@Module({
  imports: [
    AccountsModule,
    DesiredStateModule,
    EnrolmentModule,
    LifecycleModule,
    ProvisioningJobsModule,
    TenantsModule,
    TransfersModule,
  ],
  controllers: [RestoreController],
  providers: [Restores, ...stepProviders(classesIn(__dirname, 'step', ProvisioningStep))],
})
export class RestoreModule {}
