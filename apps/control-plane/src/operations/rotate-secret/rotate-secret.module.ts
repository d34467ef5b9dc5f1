import { classesIn } from '@atlas/platform';
import { Module } from '@nestjs/common';
import { AccountsModule } from '../../accounts/accounts.module';
import { AuditModule } from '../../audit/audit.module';
import { DesiredStateModule } from '../../desired-state/desired-state.module';
import { EnrolmentModule } from '../../enrolment/enrolment.module';
import { FleetModule } from '../../fleet/fleet.module';
import { LifecycleModule } from '../../lifecycle/lifecycle.module';
import { ProvisioningJobsModule } from '../../provisioning-jobs/provisioning-jobs.module';
import { ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { stepProviders } from '../../provisioning-jobs/step-providers';
import { ServiceKeysModule } from '../../service-keys/service-keys.module';
import { RotateSecretController } from './rotate-secret.controller';
import { SecretRotations } from './secret-rotations';

@Module({
  imports: [
    AccountsModule,
    AuditModule,
    DesiredStateModule,
    EnrolmentModule,
    FleetModule,
    LifecycleModule,
    ProvisioningJobsModule,
    ServiceKeysModule,
  ],
  controllers: [RotateSecretController],
  providers: [SecretRotations, ...stepProviders(classesIn(__dirname, 'step', ProvisioningStep))],
})
export class RotateSecretModule {}
