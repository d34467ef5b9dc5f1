import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module';
import { DesiredStateModule } from '../desired-state/desired-state.module';
import { ProvisioningJobsModule } from '../provisioning-jobs/provisioning-jobs.module';
import { ServiceKeysModule } from '../service-keys/service-keys.module';
import { Backups } from './backups';
import { RestoredCopy } from './restored-copy';
import { TransferRelay } from './transfer-relay';
import { Transfers } from './transfers';

@Module({
  imports: [AuditModule, DesiredStateModule, ProvisioningJobsModule, ServiceKeysModule],
  providers: [Backups, RestoredCopy, TransferRelay, Transfers],
  exports: [Backups, RestoredCopy, TransferRelay, Transfers],
})
export class TransfersModule {}
