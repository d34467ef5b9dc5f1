import { Module } from '@nestjs/common';
import { AccountsModule } from '../../accounts/accounts.module';
import { AuditModule } from '../../audit/audit.module';
import { DesiredStateModule } from '../../desired-state/desired-state.module';
import { EnrolmentModule } from '../../enrolment/enrolment.module';
import { FleetModule } from '../../fleet/fleet.module';
import { LifecycleModule } from '../../lifecycle/lifecycle.module';
import { ProvisioningJobsModule } from '../../provisioning-jobs/provisioning-jobs.module';
import { stepProviders } from '../../provisioning-jobs/step-providers';
import { ServiceKeysModule } from '../../service-keys/service-keys.module';
import { AwaitNextSecretStep } from './await-next-secret.step';
import { AwaitReenrolmentStep } from './await-reenrolment.step';
import { MintNextSecretStep } from './mint-next-secret.step';
import { RevokeOldSecretStep } from './revoke-old-secret.step';
import { RotateSecretController } from './rotate-secret.controller';
import { SecretRotations } from './secret-rotations';

const STEPS = [AwaitNextSecretStep, AwaitReenrolmentStep, MintNextSecretStep, RevokeOldSecretStep];

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
  providers: [SecretRotations, ...stepProviders(STEPS)],
})
export class RotateSecretModule {}
