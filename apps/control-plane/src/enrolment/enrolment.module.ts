import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module';
import { DesiredStateModule } from '../desired-state/desired-state.module';
import { ProvisioningJobsModule } from '../provisioning-jobs/provisioning-jobs.module';
import { ServiceKeysModule } from '../service-keys/service-keys.module';
import { Enrolment } from './enrolment';
import { EnrolmentController } from './enrolment.controller';
import { OfflineEnrolment } from './offline-enrolment';
import { ProvisioningTokens } from './provisioning-tokens';
import { SingleTenantPlanes } from './single-tenant-planes';
import { TokenMisuse } from './token-misuse';
import { WarmPool } from './warm-pool';

@Module({
  imports: [AuditModule, DesiredStateModule, ProvisioningJobsModule, ServiceKeysModule],
  controllers: [EnrolmentController],
  providers: [Enrolment, OfflineEnrolment, ProvisioningTokens, SingleTenantPlanes, TokenMisuse, WarmPool],
  exports: [ProvisioningTokens, SingleTenantPlanes, WarmPool],
})
export class EnrolmentModule {}
