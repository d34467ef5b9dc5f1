import { Module } from '@nestjs/common';
import { AccountsModule } from '../../accounts/accounts.module';
import { AuditModule } from '../../audit/audit.module';
import { DesiredStateModule } from '../../desired-state/desired-state.module';
import { EnrolmentModule } from '../../enrolment/enrolment.module';
import { InfrastructureModule } from '../../infrastructure/infrastructure.module';
import { LifecycleModule } from '../../lifecycle/lifecycle.module';
import { ProvisioningJobsModule } from '../../provisioning-jobs/provisioning-jobs.module';
import { stepProviders } from '../../provisioning-jobs/step-providers';
import { RegistryModule } from '../../registry/registry.module';
import { TenantsModule } from '../../tenants/tenants.module';
import { TransfersModule } from '../../transfers/transfers.module';
import { AwaitBackupStep } from './await-backup.step';
import { AwaitRemovalStep } from './await-removal.step';
import { BackUpStep } from './back-up.step';
import { CloseTenantStep } from './close-tenant.step';
import { DeprovisionController } from './deprovision.controller';
import { Deprovisions } from './deprovisions';
import { EraseBackupStep } from './erase-backup.step';
import { IssueCertificateStep } from './issue-certificate.step';
import { OldBackups } from './old-backups';
import { Purges } from './purges';
import { ReadableBackup } from './readable-backup';
import { RemoveCopiesStep } from './remove-copies.step';
import { RemovePlanesStep } from './remove-planes.step';
import { StopServingStep } from './stop-serving.step';

const STEPS = [
  AwaitBackupStep,
  AwaitRemovalStep,
  BackUpStep,
  CloseTenantStep,
  EraseBackupStep,
  IssueCertificateStep,
  RemoveCopiesStep,
  RemovePlanesStep,
  StopServingStep,
];

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
  providers: [Deprovisions, OldBackups, Purges, ReadableBackup, ...stepProviders(STEPS)],
  exports: [OldBackups, Purges],
})
export class DeprovisionModule {}
