import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module';
import { DesiredStateModule } from '../desired-state/desired-state.module';
import { EntitlementsModule } from '../entitlements/entitlements.module';
import { FleetModule } from '../fleet/fleet.module';
import { OutboxModule } from '../outbox/outbox.module';
import { ProvisioningJobsModule } from '../provisioning-jobs/provisioning-jobs.module';
import { RoutingModule } from '../routing/routing.module';
import { ServiceKeysModule } from '../service-keys/service-keys.module';
import { TransfersModule } from '../transfers/transfers.module';
import { RelayController } from './relay.controller';
import { PlaneCopies } from './plane-copies';
import { Reports } from './reports';
import { SelfController } from './self.controller';

@Module({
  imports: [
    AuditModule,
    DesiredStateModule,
    EntitlementsModule,
    FleetModule,
    OutboxModule,
    ProvisioningJobsModule,
    RoutingModule,
    ServiceKeysModule,
    TransfersModule,
  ],
  controllers: [RelayController, SelfController],
  providers: [PlaneCopies, Reports],
})
export class PlaneApiModule {}
