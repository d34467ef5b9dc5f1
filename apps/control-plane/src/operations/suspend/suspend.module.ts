import { classesIn } from '@atlas/platform';
import { Module } from '@nestjs/common';
import { AccountsModule } from '../../accounts/accounts.module';
import { DesiredStateModule } from '../../desired-state/desired-state.module';
import { LifecycleModule } from '../../lifecycle/lifecycle.module';
import { ProvisioningJobsModule } from '../../provisioning-jobs/provisioning-jobs.module';
import { ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { stepProviders } from '../../provisioning-jobs/step-providers';
import { SuspendController } from './suspend.controller';
import { Suspensions } from './suspensions';

@Module({
  imports: [AccountsModule, DesiredStateModule, LifecycleModule, ProvisioningJobsModule],
  controllers: [SuspendController],
  providers: [Suspensions, ...stepProviders(classesIn(__dirname, 'step', ProvisioningStep))],
})
export class SuspendModule {}
