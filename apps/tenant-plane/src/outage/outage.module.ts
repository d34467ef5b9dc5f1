import { Module } from '@nestjs/common';
import { AiModule } from '../ai/ai.module';
import { AuditModule } from '../audit/audit.module';
import { ControlPlaneLinkModule } from '../control-plane-link/control-plane-link.module';
import { EntitlementsModule } from '../entitlements/entitlements.module';
import { PlaneIdentityModule } from '../plane-identity/plane-identity.module';
import { OutageContracts } from './outage-contracts';
import { OutageController } from './outage.controller';
import { RehearsalRecords } from './rehearsal-records';

/** Shows what works while the Control Plane is unreachable, and records rehearsals of that. */
@Module({
  imports: [AiModule, AuditModule, ControlPlaneLinkModule, EntitlementsModule, PlaneIdentityModule],
  controllers: [OutageController],
  providers: [OutageContracts, RehearsalRecords],
})
export class OutageModule {}
