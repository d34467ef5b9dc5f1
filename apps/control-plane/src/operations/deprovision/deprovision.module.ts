import { classesIn } from '@atlas/platform';
import { Module } from '@nestjs/common';
import { AccountsModule } from '../../accounts/accounts.module';
import { AuditModule } from '../../audit/audit.module';
import { DesiredStateModule } from '../../desired-state/desired-state.module';
import { EnrolmentModule } from '../../enrolment/enrolment.module';
import { InfrastructureModule } from '../../infrastructure/infrastructure.module';
import { LifecycleModule } from '../../lifecycle/lifecycle.module';
import { ProvisioningJobsModule } from '../../provisioning-jobs/provisioning-jobs.module';
import { ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { stepProviders } from '../../provisioning-jobs/step-providers';
import { RegistryModule } from '../../registry/registry.module';
import { TenantsModule } from '../../tenants/tenants.module';
import { TransfersModule } from '../../transfers/transfers.module';
import { DeprovisionController } from './deprovision.controller';
import { Deprovisions } from './deprovisions';
import { OldBackups } from './old-backups';
import { Purges } from './purges';
import { ReadableBackup } from './readable-backup';

@Module({
  imports: [
    AccountsModule,
    AuditModule,
    DesiredStateModule,
    EnrolmentModule,
    InfrastructureModule,
    LifecycleModule,
    ProvisioningJobsModule,
    RegistryModule,
    TenantsModule,
    TransfersModule,
  ],
  controllers: [DeprovisionController],
  providers: [
    Deprovisions,
    OldBackups,
    Purges,
    ReadableBackup,
    ...stepProviders(classesIn(__dirname, 'step', ProvisioningStep)),
  ],
  exports: [OldBackups, Purges],
})
export class DeprovisionModule {}
