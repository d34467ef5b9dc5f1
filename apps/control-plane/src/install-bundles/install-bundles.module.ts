import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module';
import { EnrolmentModule } from '../enrolment/enrolment.module';
import { LifecycleModule } from '../lifecycle/lifecycle.module';
import { ProvisioningJobsModule } from '../provisioning-jobs/provisioning-jobs.module';
import { PlaneTokens } from './plane-tokens';
import { PlaneTokensController } from './plane-tokens.controller';
import { TenantTokens } from './tenant-tokens';
import { TenantTokensController } from './tenant-tokens.controller';

@Module({
  imports: [AccountsModule, EnrolmentModule, LifecycleModule, ProvisioningJobsModule],
  controllers: [PlaneTokensController, TenantTokensController],
  providers: [PlaneTokens, TenantTokens],
})
export class InstallBundlesModule {}
