import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module';
import { AuditModule } from '../audit/audit.module';
import { DesiredStateModule } from '../desired-state/desired-state.module';
import { LifecycleModule } from '../lifecycle/lifecycle.module';
import { OutboxModule } from '../outbox/outbox.module';
import { Billing } from './billing';
import { EntitlementsController } from './entitlements.controller';
import { LeaseFiles } from './lease-files';
import { LeaseRenewals } from './lease-renewals';
import { Usage } from './usage';

/** What tenants may use, what they have used, and whether they have paid. */
@Module({
  imports: [AccountsModule, AuditModule, DesiredStateModule, LifecycleModule, OutboxModule],
  controllers: [EntitlementsController],
  providers: [Billing, LeaseFiles, LeaseRenewals, Usage],
  exports: [LeaseRenewals, Usage],
})
export class EntitlementsModule {}
