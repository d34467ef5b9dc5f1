import { Module } from '@nestjs/common';
import { AccountsModule } from '../../accounts/accounts.module';
import { DesiredStateModule } from '../../desired-state/desired-state.module';
import { LifecycleModule } from '../../lifecycle/lifecycle.module';
import { ProvisioningJobsModule } from '../../provisioning-jobs/provisioning-jobs.module';
import { stepProviders } from '../../provisioning-jobs/step-providers';
import { ResumeStep } from './resume.step';
import { SuspendController } from './suspend.controller';
import { SuspendStep } from './suspend.step';
import { Suspensions } from './suspensions';

const STEPS = [ResumeStep, SuspendStep];

@Module({
  imports: [AccountsModule, DesiredStateModule, LifecycleModule, ProvisioningJobsModule],
  controllers: [SuspendController],
  providers: [Suspensions, ...stepProviders(STEPS)],
})
export class SuspendModule {}
