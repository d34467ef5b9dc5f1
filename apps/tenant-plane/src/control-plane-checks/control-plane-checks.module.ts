import { Module } from '@nestjs/common';
import { PlaneIdentityModule } from '../plane-identity/plane-identity.module';
import { ControlPlaneChecks } from './control-plane-checks';
import { ControlPlaneChecksController } from './control-plane-checks.controller';

/** What is wrong with the way to the Control Plane, for people who have to mend it. */
@Module({
  imports: [PlaneIdentityModule],
  controllers: [ControlPlaneChecksController],
  providers: [ControlPlaneChecks],
})
export class ControlPlaneChecksModule {}
