import { Module } from '@nestjs/common';
import { ControlPlaneLinkModule } from '../control-plane-link/control-plane-link.module';
import { EntitlementsModule } from '../entitlements/entitlements.module';
import { PlaneIdentityModule } from '../plane-identity/plane-identity.module';
import { OutageContracts } from './outage-contracts';
import { OutageController } from './outage.controller';

/** Shows what works while the Control Plane is unreachable. */
@Module({
  imports: [ControlPlaneLinkModule, EntitlementsModule, PlaneIdentityModule],
  controllers: [OutageController],
  providers: [OutageContracts],
})
export class OutageModule {}
