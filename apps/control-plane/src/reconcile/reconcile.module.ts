import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module';
import { AuditModule } from '../audit/audit.module';
import { DesiredStateModule } from '../desired-state/desired-state.module';
import { InfrastructureModule } from '../infrastructure/infrastructure.module';
import { WarmPoolModule } from '../operations/warm-pool/warm-pool.module';
import { OutboxModule } from '../outbox/outbox.module';
import { ProvisioningJobsModule } from '../provisioning-jobs/provisioning-jobs.module';
import { TenantsModule } from '../tenants/tenants.module';
import { RECONCILE_PROVIDERS } from '.';
import { DriftsController } from './drifts.controller';
import { ReconcilePasses } from './reconcile-passes';
import { ReconcileTimer } from './reconcile-timer';

@Module({
  imports: [
    AccountsModule,
    AuditModule,
    DesiredStateModule,
    InfrastructureModule,
    OutboxModule,
    ProvisioningJobsModule,
    TenantsModule,
    WarmPoolModule,
  ],
  controllers: [DriftsController],
  providers: RECONCILE_PROVIDERS,
  exports: [ReconcilePasses, ReconcileTimer],
})
export class ReconcileModule {}
