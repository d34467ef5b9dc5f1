import { Module } from '@nestjs/common';
import { AccountsModule } from '../../accounts/accounts.module';
import { AuditModule } from '../../audit/audit.module';
import { DesiredStateModule } from '../../desired-state/desired-state.module';
import { EnrolmentModule } from '../../enrolment/enrolment.module';
import { InfrastructureModule } from '../../infrastructure/infrastructure.module';
import { LifecycleModule } from '../../lifecycle/lifecycle.module';
import { MailModule } from '../../mail/mail.module';
import { ProvisioningJobsModule } from '../../provisioning-jobs/provisioning-jobs.module';
import { stepProviders } from '../../provisioning-jobs/step-providers';
import { RegistryModule } from '../../registry/registry.module';
import { TenantsModule } from '../../tenants/tenants.module';
import { TransfersModule } from '../../transfers/transfers.module';
import { ActivateStep } from './activate.step';
import { AwaitEnrolmentStep } from './await-enrolment.step';
import { AwaitReportStep } from './await-report.step';
import { CreateInfrastructureStep } from './create-infrastructure.step';
import { PrepareSignupLinkStep } from './prepare-signup-link.step';
import { ProvisionController } from './provision.controller';
import { Provisioning } from './provisioning';
import { RegisterTenantPlaneStep } from './register-tenant-plane.step';
import { ReservePlaceStep } from './reserve-place.step';
import { WriteDesiredStateStep } from './write-desired-state.step';

const STEPS = [
  ActivateStep,
  AwaitEnrolmentStep,
  AwaitReportStep,
  CreateInfrastructureStep,
  PrepareSignupLinkStep,
  RegisterTenantPlaneStep,
  ReservePlaceStep,
  WriteDesiredStateStep,
];

@Module({
  imports: [
    AccountsModule,
    AuditModule,
    DesiredStateModule,
    EnrolmentModule,
    InfrastructureModule,
    LifecycleModule,
    MailModule,
    ProvisioningJobsModule,
    RegistryModule,
    TenantsModule,
    TransfersModule,
  ],
  controllers: [ProvisionController],
  providers: [Provisioning, ...stepProviders(STEPS)],
  exports: [Provisioning],
})
export class ProvisionModule {}
