import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module';
import { AuditModule } from '../audit/audit.module';
import { DesiredStateModule } from '../desired-state/desired-state.module';
import { EnrolmentModule } from '../enrolment/enrolment.module';
import { ProvisioningJobsModule } from '../provisioning-jobs/provisioning-jobs.module';
import { TenantsModule } from '../tenants/tenants.module';
import { DRIVER_PROVIDERS, Drivers } from './drivers';
import { LocalInspection } from './drivers/local/local-inspection';
import { LocalPlanes } from './drivers/local/local-planes';
import { LocalSupervisor } from './drivers/local/local-supervisor';
import { Infrastructures } from './infrastructures';
import { TenantInfrastructure } from './tenant-infrastructure';
import { TenantInfrastructureController } from './tenant-infrastructure.controller';

@Module({
  imports: [
    AccountsModule,
    AuditModule,
    DesiredStateModule,
    EnrolmentModule,
    ProvisioningJobsModule,
    TenantsModule,
  ],
  controllers: [TenantInfrastructureController],
  providers: [
    ...DRIVER_PROVIDERS,
    Infrastructures,
    LocalInspection,
    LocalPlanes,
    LocalSupervisor,
    TenantInfrastructure,
  ],
  exports: [Drivers, Infrastructures],
})
export class InfrastructureModule {}
