import { classesIn } from '@atlas/platform';
import { Module } from '@nestjs/common';
import { DesiredStateModule } from '../../desired-state/desired-state.module';
import { EnrolmentModule } from '../../enrolment/enrolment.module';
import { InfrastructureModule } from '../../infrastructure/infrastructure.module';
import { LifecycleModule } from '../../lifecycle/lifecycle.module';
import { ProvisioningJobsModule } from '../../provisioning-jobs/provisioning-jobs.module';
import { ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { stepProviders } from '../../provisioning-jobs/step-providers';
import { OldCopies } from './old-copies';

@Module({
  imports: [
    DesiredStateModule,
    EnrolmentModule,
    InfrastructureModule,
    LifecycleModule,
    ProvisioningJobsModule,
  ],
  providers: [OldCopies, ...stepProviders(classesIn(__dirname, 'step', ProvisioningStep))],
  exports: [OldCopies],
})
export class RemoveCopyModule {}
