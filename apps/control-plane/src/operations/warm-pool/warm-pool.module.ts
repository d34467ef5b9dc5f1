import { classesIn } from '@atlas/platform';
import { Module } from '@nestjs/common';
import { AuditModule } from '../../audit/audit.module';
import { DesiredStateModule } from '../../desired-state/desired-state.module';
import { EnrolmentModule } from '../../enrolment/enrolment.module';
import { FleetModule } from '../../fleet/fleet.module';
import { InfrastructureModule } from '../../infrastructure/infrastructure.module';
import { ProvisioningJobsModule } from '../../provisioning-jobs/provisioning-jobs.module';
import { ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { stepProviders } from '../../provisioning-jobs/step-providers';
import { PoolRounds } from './pool-rounds';
import { PooledPlanes } from './pooled-planes';

@Module({
  imports: [
    AuditModule,
    DesiredStateModule,
    EnrolmentModule,
    FleetModule,
    InfrastructureModule,
    ProvisioningJobsModule,
  ],
  providers: [PoolRounds, PooledPlanes, ...stepProviders(classesIn(__dirname, 'step', ProvisioningStep))],
  exports: [PoolRounds],
})
export class WarmPoolModule {}
