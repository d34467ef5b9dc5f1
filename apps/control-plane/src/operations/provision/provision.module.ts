import { classesIn } from '@atlas/platform';
import { Module } from '@nestjs/common';
import { AccountsModule } from '../../accounts/accounts.module';
import { AuditModule } from '../../audit/audit.module';
import { DesiredStateModule } from '../../desired-state/desired-state.module';
import { EnrolmentModule } from '../../enrolment/enrolment.module';
import { InfrastructureModule } from '../../infrastructure/infrastructure.module';
import { LifecycleModule } from '../../lifecycle/lifecycle.module';
import { MailModule } from '../../mail/mail.module';
import { ProvisioningJobsModule } from '../../provisioning-jobs/provisioning-jobs.module';
import { ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { stepProviders } from '../../provisioning-jobs/step-providers';
import { RegistryModule } from '../../registry/registry.module';
import { TenantsModule } from '../../tenants/tenants.module';
import { TransfersModule } from '../../transfers/transfers.module';
import { ProvisionController } from './provision.controller';
import { Provisioning } from './provisioning';

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
  providers: [Provisioning, ...stepProviders(classesIn(__dirname, 'step', ProvisioningStep))],
  exports: [Provisioning],
})
export class ProvisionModule {}
