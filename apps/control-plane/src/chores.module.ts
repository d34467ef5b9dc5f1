import { Chores } from '@atlas/jobs';
import { Module } from '@nestjs/common';
import { AccountsModule } from './accounts/accounts.module';
import { AiGatewayModule } from './ai-gateway/ai-gateway.module';
import { AuditModule } from './audit/audit.module';
import { ControlPlaneChores } from './control-plane-chores';
import { DesiredStateModule } from './desired-state/desired-state.module';
import { EntitlementsModule } from './entitlements/entitlements.module';
import { EventsModule } from './events/events.module';
import { FleetModule } from './fleet/fleet.module';
import { DeprovisionModule } from './operations/deprovision/deprovision.module';
import { RemoveCopyModule } from './operations/remove-copy/remove-copy.module';
import { WarmPoolModule } from './operations/warm-pool/warm-pool.module';
import { RegistryModule } from './registry/registry.module';
import { ReconcileModule } from './reconcile/reconcile.module';
import { ServiceKeysModule } from './service-keys/service-keys.module';
import { SignupModule } from './signup/signup.module';
import { TenantsModule } from './tenants/tenants.module';

@Module({
  imports: [
    AccountsModule,
    AiGatewayModule,
    AuditModule,
    DeprovisionModule,
    DesiredStateModule,
    EntitlementsModule,
    EventsModule,
    FleetModule,
    RegistryModule,
    ReconcileModule,
    RemoveCopyModule,
    ServiceKeysModule,
    SignupModule,
    TenantsModule,
    WarmPoolModule,
  ],
  providers: [{ provide: Chores, useClass: ControlPlaneChores }],
  exports: [Chores],
})
export class ChoresModule {}
