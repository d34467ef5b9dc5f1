import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module';
import { AuditModule } from '../audit/audit.module';
import { ProvisioningJobsModule } from '../provisioning-jobs/provisioning-jobs.module';
import { DryRuns } from './dry-runs';
import { JobControl } from './job-control';
import { JobEvents } from './job-events';
import { JobViews } from './job-views';
import { JobsController } from './jobs.controller';
import { TenantOperations } from './tenant-operations';

@Module({
  imports: [AccountsModule, AuditModule, ProvisioningJobsModule],
  controllers: [JobsController],
  providers: [DryRuns, JobControl, JobEvents, JobViews, TenantOperations],
  exports: [DryRuns, JobControl, TenantOperations],
})
export class LifecycleModule {}
