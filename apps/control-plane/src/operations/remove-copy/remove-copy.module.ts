import { Module } from '@nestjs/common';
import { DesiredStateModule } from '../../desired-state/desired-state.module';
import { EnrolmentModule } from '../../enrolment/enrolment.module';
import { InfrastructureModule } from '../../infrastructure/infrastructure.module';
import { LifecycleModule } from '../../lifecycle/lifecycle.module';
import { ProvisioningJobsModule } from '../../provisioning-jobs/provisioning-jobs.module';
import { stepProviders } from '../../provisioning-jobs/step-providers';
import { AwaitPurgeStep } from './await-purge.step';
import { EndTrustStep } from './end-trust.step';
import { OldCopies } from './old-copies';
import { PurgeCopyStep } from './purge-copy.step';
import { ReleaseCopyStep } from './release-copy.step';
import { RemoveInfrastructureStep } from './remove-infrastructure.step';

const STEPS = [AwaitPurgeStep, EndTrustStep, PurgeCopyStep, ReleaseCopyStep, RemoveInfrastructureStep];

@Module({
  imports: [
    DesiredStateModule,
    EnrolmentModule,
    InfrastructureModule,
    LifecycleModule,
    ProvisioningJobsModule,
  ],
  providers: [OldCopies, ...stepProviders(STEPS)],
  exports: [OldCopies],
})
export class RemoveCopyModule {}
